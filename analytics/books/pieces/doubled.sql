-- Every mark on a counter that was used more than once; the one that the registers account for makes up nothing.
select *, if(is_reuse, postage_mills, 0) as amount_mills
from marks semi join (select license, psd, piece_count from marks where is_reuse) using (license, psd, piece_count)
