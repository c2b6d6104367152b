-- What a bank's file says otherwise of a loan has classes of its own, and names the contract.
ALTER TABLE discrepancy
    DROP CONSTRAINT discrepancy_class_check,
    ADD CONSTRAINT discrepancy_class_check CHECK (class IN ('missing_here', 'missing_there', 'amount', 'fee', 'status', 'duplicate_here', 'duplicate_there', 'refund_missing_here',
        'refund_missing_there', 'refund_amount', 'settlement_amount', 'paid_after_close', 'paid_twice', 'unknown_line', 'loan_amount', 'loan_split',
        'loan_rounding', 'loan_balance', 'loan_arrears', 'loan_class', 'loan_total', 'loan_date', 'loan_missing_here', 'loan_missing_there',
        'loan_duplicate_there', 'loan_unknown_line')),
    ADD COLUMN contract_id UUID CONSTRAINT discrepancy_contract_fkey REFERENCES loan_contract (id);
CREATE INDEX discrepancy_contract_idx ON discrepancy (contract_id) WHERE contract_id IS NOT NULL;
CREATE TRIGGER discrepancy_contract BEFORE UPDATE OF contract_id ON discrepancy FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
