-- The same steps as before (0033, 0013). A list of more than two words is made a tree of for each row that a trigger looks at; a text is searched.

DROP TRIGGER donation_steps;
CREATE TRIGGER donation_steps BEFORE UPDATE OF state ON donation WHEN NEW.state <> OLD.state AND instr(CASE OLD.state
    WHEN 'created' THEN ' paying paid closed '
    WHEN 'paying' THEN ' paid closed '
    WHEN 'paid' THEN ' settled refund_requested '
    WHEN 'settled' THEN ' refund_requested '
    WHEN 'partly_refunded' THEN ' refund_requested '
    WHEN 'refund_requested' THEN ' paid settled partly_refunded refunding '
    WHEN 'refunding' THEN ' partly_refunded refunded refund_failed '
    WHEN 'refund_failed' THEN ' refunding paid settled partly_refunded refunded '
    ELSE '' END, ' ' || NEW.state || ' ') = 0
BEGIN SELECT RAISE(ABORT, 'donation_steps'); END;

DROP TRIGGER loan_contract_steps;
CREATE TRIGGER loan_contract_steps BEFORE UPDATE OF state ON loan_contract WHEN NEW.state <> OLD.state AND instr(CASE OLD.state
    WHEN 'signed' THEN ' paid_out withdrawn '
    WHEN 'paid_out' THEN ' signed performing overdue settled '
    WHEN 'performing' THEN ' overdue settled renewed extended restructured '
    WHEN 'overdue' THEN ' performing settled written_off compensated extended restructured '
    WHEN 'compensated' THEN ' settled written_off overdue '
    WHEN 'written_off' THEN ' settled overdue '
    WHEN 'settled' THEN ' performing '
    WHEN 'renewed' THEN ' performing '
    WHEN 'extended' THEN ' performing '
    WHEN 'restructured' THEN ' performing '
    ELSE '' END, ' ' || NEW.state || ' ') = 0
BEGIN SELECT RAISE(ABORT, 'loan_contract_steps'); END;
