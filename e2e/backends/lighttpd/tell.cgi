#!/usr/bin/perl
# How a CGI program reads a request.
use strict;
use warnings;
use Fcntl qw(:DEFAULT :flock);

sub text {
    my ($bytes) = @_;
    $bytes =~ s/([^ !#-\[\]-~])/sprintf('\\u%04x', ord($1))/ge;
    return "\"$bytes\"";
}

sub decoded {
    my ($text) = @_;
    $text =~ s/%([0-9a-fA-F]{2})/chr(hex($1))/ge;
    return $text;
}

read(STDIN, my $body, $ENV{CONTENT_LENGTH} || 0);
my $method = $ENV{REQUEST_METHOD};
for my $name ('HTTP_X_HTTP_METHOD_OVERRIDE', 'HTTP_X_HTTP_METHOD', 'HTTP_X_METHOD_OVERRIDE') {
    my $asked = $ENV{$name} // '';
    $asked =~ s/^\s+|\s+$//g;
    $method = uc $asked if $asked ne '';
}
my ($target) = split(/\?/, $ENV{REQUEST_URI} // '', 2);
my %paths = map { $_ => 1 } grep { /^\// } ($ENV{SCRIPT_NAME} // '') . ($ENV{PATH_INFO} // ''), decoded($target // '');
my $operations = join(', ', map { '{"path": ' . text($_) . '}' } sort keys %paths);
my $variables = join(', ', map { text($_) . ': ' . text($ENV{$_}) } grep { /^HTTP_/ } sort keys %ENV);
my $hosts = join(', ', map { text($_) } $ENV{HTTP_HOST} // '', $ENV{SERVER_NAME} // '');
my $line = sprintf('{"case": %s, "method": %s, "operations": [%s], "path": %s, "hosts": [%s], "cgi": {%s}}',
    text($ENV{HTTP_X_CASE} // ''), text($method), $operations, text($ENV{REQUEST_URI} // ''), $hosts, $variables);
sysopen(my $file, $ENV{SEEN}, O_WRONLY | O_APPEND | O_CREAT) or die "$ENV{SEEN}: $!";
syswrite($file, "$line\n");
print "Content-Type: text/plain\r\n\r\n";
