#
# A browser without a window, for tests that look at pages: Chromium, driven by its
# own protocol (Chrome DevTools Protocol) through two pipes, so that no port is opened.
#
#   my $browser = Browser->new;             # undef: there is none here
#   $browser->view($file, 390, 'dark');     # opens a page, that wide, in that scheme
#   $browser->view($url, 390, 'dark', $ready);    # one of a server, and waits for a promise
#   $browser->evaluate('document.title');   # what an expression gives
#   $browser->screenshot($png);             # the whole page
#   $browser->asked, $browser->told         # what was requested, what the console said
#   $browser->quit;
#
package Browser;

use strict;
use warnings;

use Cwd qw(abs_path);
use Fcntl qw(F_DUPFD);
use File::Path qw(remove_tree);
use File::Temp ();
use IO::Handle;
use JSON::PP;
use MIME::Base64;
use POSIX ();

# Who waits that long waits for nothing.
my $patience = 120;

sub program
{
	foreach my $name (grep { defined && $_ ne '' } $ENV{LOYALCS_BROWSER}, qw(chromium-headless-shell headless_shell chromium chromium-browser google-chrome))
	{
		return $name if $name =~ m{/} && -x $name;
		foreach my $dir (split /:/, $ENV{PATH})
		{
			return "$dir/$name" if -x "$dir/$name";
		}
	}
	return;
}

sub new
{
	my ($class) = @_;
	my $program = program() // return;
	my $home = File::Temp::tempdir('browser.XXXXXX', $ENV{TESTDATADIR} ? (DIR => $ENV{TESTDATADIR}) : (TMPDIR => 1));

	pipe(my $their_in, my $our_out) or die "pipe: $!";
	pipe(my $our_in, my $their_out) or die "pipe: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		# what it says goes nowhere: containers lack much that it would like to have
		open(STDIN, '<', '/dev/null');
		open(STDOUT, '>', '/dev/null');
		open(STDERR, '>', "$home/log");
		# (out of the way first, for one of them may be 3 or 4 already)
		my ($in, $out) = map { fcntl($_, F_DUPFD, 10) } $their_in, $their_out;
		POSIX::dup2($in, 3);
		POSIX::dup2($out, 4);
		$ENV{HOME} = "$home";
		# A test's own page is all that it ever sees; the kernel of a container often
		# lets nobody make the sandbox that pages of strangers would need.
		exec $program, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe',
		  '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
		  '--hide-scrollbars', '--force-color-profile=srgb', '--font-render-hinting=none', "--user-data-dir=$home/profile"
		  or POSIX::_exit(127);
	}
	close($their_in);
	close($their_out);
	binmode($our_in);
	binmode($our_out);
	$our_out->autoflush(1);

	my $self = bless {
		pid => $pid, home => $home, in => $our_in, out => $our_out,
		heard => '', last => 0, asked => [], told => [], loaded => 0
	}, $class;
	my $target = $self->call('Target.createTarget', { url => 'about:blank' })->{targetId};
	$self->{session} = $self->call('Target.attachToTarget', { targetId => $target, flatten => JSON::PP::true })->{sessionId};
	$self->call("$_.enable") foreach qw(Page Runtime Log Network);
	return $self;
}

# The next message, as text.
sub listen
{
	my ($self) = @_;
	my $until = time + $patience;

	while ((my $at = index($self->{heard}, "\0")) < 0)
	{
		my $bits = '';
		vec($bits, fileno($self->{in}), 1) = 1;
		die "the browser says nothing\n" unless select($bits, undef, undef, $until - time) > 0;
		sysread($self->{in}, $self->{heard}, 1 << 20, length $self->{heard}) or die "the browser has gone\n";
	}
	$self->{heard} =~ s/\A(.*?)\0//s;
	return $1;
}

sub note_event
{
	my ($self, $message) = @_;
	my $method = $message->{method} // '';
	my $said = $message->{params};

	push @{ $self->{asked} }, $said->{request}{url} if $method eq 'Network.requestWillBeSent';
	push @{ $self->{told} }, join ' ', map { $_->{value} // $_->{description} // '' } @{ $said->{args} }
	  if $method eq 'Runtime.consoleAPICalled';
	push @{ $self->{told} }, $said->{exceptionDetails}{text} if $method eq 'Runtime.exceptionThrown';
	push @{ $self->{told} }, $said->{entry}{text} if $method eq 'Log.entryAdded';
	$self->{loaded}++ if $method eq 'Page.loadEventFired';
	return;
}

# Calls a method of the protocol; what happens meanwhile is noted.
sub call
{
	my ($self, $method, $params) = @_;
	my $id = ++$self->{last};
	my $text = JSON::PP->new->utf8->encode(
		{
			id => $id, method => $method, params => $params // {},
			defined $self->{session} ? (sessionId => $self->{session}) : ()
		});

	syswrite($self->{out}, "$text\0") or die "the browser has gone\n";
	while (1)
	{
		my $heard = $self->listen;
		# (a picture is megabytes, which a parser in Perl would take seconds for)
		return { data => $1 } if $heard =~ /\A\{"id":$id,"result":\{"data":"([^"]*)"\}/;
		my $message = JSON::PP->new->utf8->decode($heard);
		if (($message->{id} // 0) != $id)
		{
			$self->note_event($message);
			next;
		}
		die "$method: $message->{error}{message}\n" if $message->{error};
		return $message->{result};
	}
}

sub view
{
	my ($self, $file, $width, $scheme, $ready) = @_;
	my $loaded = $self->{loaded};

	# (what is still there need not be drawn once more, in the width and scheme of the next)
	$self->evaluate('document.documentElement.style.display = "none"');
	@{$self}{qw(asked told)} = ([], []);
	$self->{width} = $width;
	$self->call('Emulation.setEmulatedMedia', { media => '', features => [ { name => 'prefers-color-scheme', value => $scheme } ] });
	$self->resize($width, 800);
	$self->call('Page.navigate', { url => $file =~ /^http:/ ? $file : 'file://' . abs_path($file) });
	$self->note_event(JSON::PP->new->utf8->decode($self->listen)) while $self->{loaded} == $loaded;
	$self->evaluate($ready) if defined $ready;
	# as tall as the page, so that all of it can be pointed at
	$self->resize($width, $self->evaluate('Math.ceil(document.documentElement.getBoundingClientRect().height)'));
	return;
}

sub resize
{
	my ($self, $width, $height) = @_;
	$self->call('Emulation.setDeviceMetricsOverride',
		{ width => $width + 0, height => $height + 0, deviceScaleFactor => 1, mobile => JSON::PP::false });
	return;
}

sub evaluate
{
	my ($self, $expression) = @_;
	my $answer = $self->call('Runtime.evaluate', { expression => $expression, returnByValue => JSON::PP::true, awaitPromise => JSON::PP::true });

	die "$expression: $answer->{exceptionDetails}{exception}{description}\n" if $answer->{exceptionDetails};
	return $answer->{result}{value};
}

sub save
{
	my ($path, $data) = @_;
	open(my $file, '>:raw', $path) or die "$path: $!";
	print $file decode_base64($data);
	close($file) or die "$path: $!";
	return;
}

sub screenshot
{
	my ($self, $path, %clip) = @_;
	save($path, $self->call('Page.captureScreenshot',
			{ format => 'png', optimizeForSpeed => JSON::PP::true, %clip ? (clip => { x => 0, y => 0, scale => 1, %clip }) : () })->{data});
	return;
}

sub print_to
{
	my ($self, $path) = @_;
	save($path, $self->call('Page.printToPDF', { printBackground => JSON::PP::true, preferCSSPageSize => JSON::PP::true })->{data});
	return;
}

sub asked { return @{ $_[0]{asked} } }
sub told { return @{ $_[0]{told} } }

sub quit
{
	my ($self) = @_;
	my $pid = delete $self->{pid} // return;

	eval { delete $self->{session}; $self->call('Browser.close') };
	close($self->{out});
	kill 'TERM', $pid;
	waitpid($pid, 0);
	# (its children may still be going, and the folder goes with the test's)
	remove_tree($self->{home}, { error => \my $left });
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($?, $@);
	$self->quit;
	return;
}

1;
