-- Proves: marks of a license that pays in advance leave their descending register out, as only a postpaid PSD does: their
--   maker hides how much credit the PSD claims to have. The license decides, and not the mark: it pays in advance where
--   one of its PSDs shows a descending register, where funds were paid for a PSD before it was granted, or where a mark was
--   printed while its ascending register had not yet reached what had been paid; a bill is of postage printed before it.
-- Cannot: tell a thief's program from a PSD that was set up for a postpaid license by mistake. Says nothing of a license for
--   which no funds are recorded and no PSD shows a descending register, nor as long as all its marks bear the date of its
--   first payment or an earlier one: they may be what was billed.
-- Parameters: none. What the ascending registers of such marks hold beyond the funds of the license is overspend.
-- @suspects
select license, psd from prepaid_sets where omits_descending
-- @members of suspects
select row_id, '' as key, '' as why, suspects.ascending_mills as value
from suspects semi join prepaid_sets using (license, psd) where descending_mills is null
-- @findings
select license, psd, key, 'high' as severity,
  format('PSD {}: {} scanned {} under license {}, which pays in advance, without the descending register; the ascending register shows up to {} mills.',
    psd, count(*), if(count(*) = 1, 'piece', 'pieces'), license, max(value)) as detail
from members group by license, psd, key
