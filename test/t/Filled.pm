#
# A server of a test's own that has the demo's shop, without filling it again.
#
package Filled;

use strict;
use warnings;

use Exporter 'import';
use File::Copy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(filled_node);

# filled_node(NAME): a server, not yet started, whose database "filled" is as
# test/filled has made it
sub filled_node
{
	my ($name) = @_;
	my $from = ($ENV{LOYALCS_CHECK} // PostgreSQL::Test::Utils::tempdir_short()) . '/filled';
	my $node = PostgreSQL::Test::Cluster->new($name);
	my $data = $node->data_dir;

	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	system_or_bail('test/filled', $from);
	rename $data, "$data.new" or die $!;
	system_or_bail('cp', '-a', "$from/data", $data);
	copy("$data.new/$_", "$data/$_") or die "$_: $!" foreach qw(postgresql.conf pg_hba.conf);
	return $node;
}

1;
