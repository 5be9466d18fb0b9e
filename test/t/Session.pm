#
# One session for many statements: to start psql and a backend for each takes longer
# than most of them do.
#
#   my $session = Session->new($node, 'postgres');    # as a role, if a third argument says so
#   $session->sql($statements)     # what safe_psql() gives
#   $session->said                 # warnings and notices, since it was begun
#
# Nothing of one call is left in the next (DISCARD ALL); but what is set for a role or a
# database is not seen by a session that is there already.  It is begun anew when the
# server has been away.
#
package Session;

use strict;
use warnings;

use IPC::Open3 qw(open3);
use PostgreSQL::Test::Utils;

sub new
{
	my ($class, $node, $database, $role) = @_;
	return bless { node => $node, database => $database, role => $role, calls => 0 }, $class;
}

sub begin
{
	my ($self) = @_;
	$self->{err} = PostgreSQL::Test::Utils::tempdir . '/said';
	open(my $err, '>', $self->{err}) or die "$self->{err}: $!";
	$self->{pid} = open3($self->{in}, $self->{out}, '>&' . fileno($err),
		'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $self->{node}->connstr($self->{database}), defined $self->{role} ? ('-U', $self->{role}) : ());
	close($err);
	return;
}

sub end
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;
	close($self->{in});
	close($self->{out});
	waitpid($pid, 0);
	return;
}

# asked(STATEMENTS): what they print, or nothing if psql has ended over them
sub asked
{
	my ($self, $statements) = @_;
	my ($end, $answer) = ('no. ' . ++$self->{calls} . ' is done', '');
	local $SIG{PIPE} = 'IGNORE';

	syswrite($self->{in}, "DISCARD ALL;\n$statements\n;\n\\echo $end\n") or return;
	while (substr($answer, -1 - length $end) ne "$end\n")
	{
		sysread($self->{out}, $answer, 1 << 16, length $answer) or return;
	}
	substr($answer, -1 - length $end) = '';
	chomp $answer;
	return $answer;
}

sub sql
{
	my ($self, $statements) = @_;
	my $is_new = !$self->{pid};

	$self->begin if $is_new;
	my $answer = $self->asked($statements);
	return $answer if defined $answer;
	$self->end;
	my $said = slurp_file($self->{err});
	die "$statements\n$said" if $is_new || $said !~ /terminating connection due to administrator command|server closed the connection/;
	return $self->sql($statements);
}

sub said { return slurp_file($_[0]{err}); }

sub DESTROY
{
	my ($self) = @_;
	local ($?, $!, $@);
	$self->end;
	return;
}

1;
