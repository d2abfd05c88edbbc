/** Tables and columns of the versions that can be brought up, in alphabetic order: what a store of such a version holds. */
const REGISTRY_OF_4 = {
  registry_funds: 'license psd refill amount_mills paid_at_ms since_version until_version',
  registry_grant: 'license psd granted_at_ms ended_at_ms since_version until_version',
  registry_license:
    'license holder town deposit_postcode psd_limit valid_from_ms valid_to_ms revoked_at_ms since_version until_version',
  registry_list: 'version digest issued_at_ms',
  registry_plant: 'plant postcode latitude longitude since_version until_version',
  registry_psd: 'psd user_name since_version until_version',
  registry_rate: 'rate_category weight_grams_max postage_mills valid_from_ms valid_to_ms since_version until_version',
  registry_refund: 'license psd piece_count amount_mills refunded_at_ms since_version until_version',
  registry_version: 'version digest issued_at_ms',
  registry_withdrawal:
    'license psd epoch piece_count ascending_mills returned_mills withdrawn_at_ms since_version until_version',
};

const REGISTRY_OF_3 = {
  registry_funds: 'license psd refill amount_mills paid_at_ms',
  registry_grant: 'license psd granted_at_ms ended_at_ms',
  registry_license: 'license holder town deposit_postcode psd_limit valid_from_ms valid_to_ms revoked_at_ms',
  registry_plant: 'plant postcode',
  registry_psd: 'psd user_name',
  registry_rate: 'rate_category weight_grams_max postage_mills valid_from_ms valid_to_ms',
  registry_refund: 'license psd piece_count amount_mills refunded_at_ms',
  registry_version: 'version digest issued_at_ms',
  registry_withdrawal: 'license psd epoch piece_count ascending_mills returned_mills withdrawn_at_ms',
};

const EVIDENCE_OF_3 =
  'row_id scan_id scan_digest source plant machine scanned_at_ms mailpiece_id pass sorter_destination weight_grams image note ' +
  'extra payload symbology trust_version outcome key_id license psd epoch piece_count ascending_mills descending_mills ' +
  'postage_mills rate_category printed_at_ms deposit_postcode destination_postcode content_digest disposition reasons';

type Tables = Readonly<Record<string, string>>;

export const OLD_TABLES: ReadonlyMap<number, Tables> = new Map<number, Tables>([
  [
    3,
    {
      evidence: EVIDENCE_OF_3,
      finding: 'kind severity license psd scan_ids detail',
      ...REGISTRY_OF_3,
      source_position: 'source position',
      store_version: 'version',
    },
  ],
  [
    4,
    {
      case_closed_scan: 'sequence case_id kind scan_id',
      case_closing: 'sequence case_id note closed_at_ms',
      chain: 'first_row row_count row_checks digest head is_archived',
      counter_page:
        'license psd page first_piece_count last_piece_count first_ms last_ms first_epoch last_epoch ' +
        'first_ascending_mills last_ascending_mills first_postage_mills seen_counts first_row',
      detector_state: 'row_id registry_digest policy_digest detectors_digest',
      entry_plant: 'license psd plant',
      evidence: `${EVIDENCE_OF_3} policy_version`,
      finding: 'kind license psd key severity detail policy_version',
      named_scan: 'kind license psd key row_id scan_id scanned_at mailpiece_id plant why value',
      printing_day: 'license psd day first_piece_count last_piece_count',
      register_set: 'license psd last_piece_count last_ms control_mills spent_mills',
      ...REGISTRY_OF_4,
      revision: 'sequence row_id scan_id from_disposition to_disposition kinds policy_version',
      seen_page: 'license psd page seen_counts',
      severity_score: 'severity score',
      source_position: 'source position',
      store_version: 'version',
      suspect_scan:
        'row_id scan_id license psd epoch piece_count ascending_mills descending_mills postage_mills printed_at_ms ' +
        'content_digest mailpiece_id pass plant scanned_at',
      suspect_set: 'license psd',
      told_finding: 'key',
      used_policy: 'version digest',
    },
  ],
  [
    5,
    {
      case_closed_scan: 'sequence case_id kind scan_id scan_digest',
      case_closing: 'sequence case_id note closed_at_ms',
      chain: 'first_row row_count row_checks digest head is_archived version commit_number positions',
      counter_page:
        'license psd page first_piece_count last_piece_count first_ms last_ms first_epoch last_epoch ' +
        'first_ascending_mills last_ascending_mills first_postage_mills seen_counts first_row',
      detector_state: 'row_id registry_digest policy_digest detectors_digest',
      entry_plant: 'license psd plant',
      evidence: `${EVIDENCE_OF_3} policy_version sender`,
      finding: 'kind license psd key severity detail policy_version',
      ledger: 'sequence commit_number at_ms actor event detail seals head',
      named_scan: 'kind license psd key row_id scan_id scanned_at mailpiece_id plant why value scan_digest brought_by',
      printing_day: 'license psd day first_piece_count last_piece_count',
      register_set: 'license psd last_piece_count last_ms control_mills spent_mills',
      ...REGISTRY_OF_4,
      revision: 'sequence row_id scan_id from_disposition to_disposition kinds policy_version plant',
      sealed: 'name digest',
      seen_page: 'license psd page seen_counts',
      severity_score: 'severity score',
      source_position: 'source position',
      store_version: 'version',
      suspect_scan:
        'row_id scan_id license psd epoch piece_count ascending_mills descending_mills postage_mills printed_at_ms ' +
        'content_digest mailpiece_id pass plant scanned_at scan_digest brought_by',
      suspect_set: 'license psd',
      told_finding: 'key',
      used_policy: 'version digest',
    },
  ],
]);
