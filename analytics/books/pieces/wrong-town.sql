-- Every piece that entered the mail at a plant that does not sort for the town of its license.
select *, postage_mills as amount_mills from deposits where handed_in = 'elsewhere'
