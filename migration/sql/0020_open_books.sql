-- What the public pages draw: the few postings on an income account that raise nothing are found without reading its gifts. Gifts
-- are marked, so booking one does not touch these.
CREATE INDEX posting_unmarked_credit_idx ON posting (credit_account, entry_id) WHERE raised = 'none';
CREATE INDEX posting_unmarked_debit_idx ON posting (debit_account, entry_id) WHERE raised = 'none';
