#
# A stage of a test's own, in which there is the first release as well: the tests
# beside it have no old versions.
#
package FirstRelease;

use strict;
use warnings;

use Exporter 'import';
use File::Copy;
use File::Path qw(make_path);
use PostgreSQL::Test::Utils;

our @EXPORT = qw(first_release);

# first_release(): the folder of the extension's files, and the conf lines that
# show it to a server
sub first_release
{
	my $pg_config = $ENV{PG_CONFIG} || 'pg_config';
	chomp(my $sharedir = `$pg_config --sharedir`);
	chomp(my $pkglibdir = `$pg_config --pkglibdir`);
	my $stage = PostgreSQL::Test::Utils::tempdir_short();
	my $extension = "$stage$sharedir/extension";

	make_path($extension, "$stage$pkglibdir");
	# (without a stage, what is installed is what is tested)
	my $from = $ENV{LOYALCS_STAGE} // '';
	copy($_, $extension) or die "$_: $!" foreach glob("$from$sharedir/extension/loyalcs*");
	copy($_, "$stage$pkglibdir") or die "$_: $!" foreach glob("$from$pkglibdir/loyalcs*.so");
	copy('test/upgrade/loyalcs--0.1.0.sql', $extension) or die $!;
	local $ENV{LOYALCS_STAGE} = $stage;
	return ($extension, scalar `test/with_server --conf`);
}

1;
