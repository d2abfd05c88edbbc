-- Every distinct genuine mark.
select *, postage_mills as amount_mills from marks
