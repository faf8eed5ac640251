# Reads records as lines (R leader, F tag ..., E) and prints what MARC::Lint says of each: number, tab, text.
use strict; use warnings;
use MARC::Record; use MARC::Field; use MARC::Lint;
binmode STDIN, ':encoding(UTF-8)'; binmode STDOUT, ':encoding(UTF-8)';
my $lint = MARC::Lint->new; my ($record, $number) = (undef, 0);
while (my $line = <STDIN>) {
    chomp $line; my ($kind, @rest) = split /\t/, $line, -1;
    if ($kind eq 'R') { $number++; $record = MARC::Record->new; $record->leader($rest[0]); }
    elsif ($kind eq 'F') {
        my $field = eval { local $SIG{__WARN__} = sub {}; MARC::Field->new(@rest) };
        if ($field) { $record->append_fields($field) } else { print "$number\t$rest[0]: cannot be made\n" }
    }
    else { local $SIG{__WARN__} = sub {}; $lint->check_record($record); print "$number\t$_\n" for $lint->warnings; }
}
