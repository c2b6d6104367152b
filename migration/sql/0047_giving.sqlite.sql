-- Guards of giving on SQLite. Each refusal is named after the rule it keeps.

-- What these tables take widens, and every row stays as it is: their text is changed, as in 0041.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql, '''failed'', ''done'')', '''failed'', ''done'', ''superseded'')'),
    'CHECK (state = ''proposed'' OR approver_id IS NOT NULL)', 'CHECK (state IN (''proposed'', ''superseded'') OR approver_id IS NOT NULL)')
    WHERE type = 'table' AND name = 'resolution';
UPDATE sqlite_schema SET sql = replace(sql, '''unknown_line'', ''loan_amount''', '''unknown_line'', ''currency'', ''loan_amount''')
    WHERE type = 'table' AND name = 'discrepancy';
UPDATE sqlite_schema SET sql = replace(replace(sql, 'CHECK (book_id IS NULL OR channel <> ''wechat'')',
    'CHECK (book_id IS NULL OR channel <> ''wechat'' OR (confirmed_us IS NOT NULL AND transaction_id IS NOT NULL))'),
    'CHECK (channel <> ''wechat'' OR donor_id IS NOT NULL)', 'CHECK (channel <> ''wechat'' OR donor_id IS NOT NULL OR book_id IS NOT NULL)')
    WHERE type = 'table' AND name = 'donation';
PRAGMA writable_schema = RESET;

DROP TRIGGER resolution_stands;
CREATE TRIGGER resolution_stands BEFORE INSERT ON resolution BEGIN
    SELECT RAISE(ABORT, 'resolution_pkey') FROM resolution WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'resolution_open_key') FROM resolution WHERE break_id = NEW.break_id
        AND state IN ('proposed', 'approved', 'processing', 'done') AND NEW.state IN ('proposed', 'approved', 'processing', 'done');
END;
DROP TRIGGER resolution_keeps;
CREATE TRIGGER resolution_keeps BEFORE UPDATE OF state ON resolution BEGIN
    SELECT RAISE(ABORT, 'resolution_open_key') FROM resolution WHERE rowid <> OLD.rowid AND break_id = NEW.break_id
        AND state IN ('proposed', 'approved', 'processing', 'done') AND NEW.state IN ('proposed', 'approved', 'processing', 'done');
END;
DROP TRIGGER resolution_decided;
CREATE TRIGGER resolution_decided BEFORE UPDATE ON resolution WHEN OLD.state IN ('declined', 'done', 'superseded')
BEGIN SELECT RAISE(ABORT, 'resolution_decided'); END;

-- Money that names an order goes to the general fund only after the channel could not give it back, and money in suspense alone
-- (docs/decisions/0025).
CREATE TRIGGER resolution_general BEFORE INSERT ON resolution WHEN NEW.choice = 'general' BEGIN
    SELECT RAISE(ABORT, 'resolution_general') WHERE NOT EXISTS (SELECT 1 FROM discrepancy d WHERE d.id = NEW.break_id AND d.suspense
        AND (d.donation_id IS NULL OR EXISTS (SELECT 1 FROM resolution r WHERE r.break_id = d.id AND r.choice = 'return' AND r.state = 'failed')));
END;
-- Money in suspense is a gift by such a decision alone: that payment, all of it, of the one who ordered, to the campaign of its order or to the
-- general fund of the charity it came to. A gift by WeChat comes into the books paid in no other way.
CREATE TRIGGER donation_adopted BEFORE INSERT ON donation WHEN NEW.transaction_id IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'donation_adopted') WHERE NOT EXISTS (SELECT 1 FROM resolution r JOIN discrepancy d ON d.id = r.break_id
        LEFT JOIN donation o ON o.id = d.donation_id
        WHERE r.id = NEW.id AND r.state = 'proposed' AND d.suspense AND d.state = 'open' AND d.item = NEW.transaction_id
        AND d.amount_fen = NEW.amount_fen AND NEW.donor_id IS o.donor_id
        AND CASE r.choice WHEN 'gift' THEN o.campaign_id = NEW.campaign_id WHEN 'general' THEN NEW.book_id = d.book_id ELSE 0 END);
END;
CREATE TRIGGER resolution_adopted BEFORE UPDATE OF state ON resolution
WHEN NEW.state = 'done' AND OLD.state <> 'done' AND NEW.choice IN ('gift', 'general') BEGIN
    SELECT RAISE(ABORT, 'resolution_adopted') WHERE NOT EXISTS (SELECT 1 FROM discrepancy d JOIN donation g ON g.id = NEW.id
        WHERE d.id = NEW.break_id AND g.transaction_id = d.item AND g.confirmed_us IS NOT NULL);
END;
-- A payment is in the books once: what stands in suspense, or went back out of it, settles no order, and what is a gift is not suspended.
CREATE TRIGGER donation_suspended BEFORE UPDATE OF transaction_id ON donation
WHEN NEW.transaction_id IS NOT NULL AND OLD.transaction_id IS NULL BEGIN
    SELECT RAISE(ABORT, 'donation_suspended') FROM discrepancy d WHERE d.item = NEW.transaction_id AND d.suspense
        AND NOT EXISTS (SELECT 1 FROM resolution r WHERE r.break_id = d.id AND r.choice = 'follow' AND r.state = 'done');
END;
CREATE TRIGGER discrepancy_gift BEFORE INSERT ON discrepancy WHEN NEW.suspense BEGIN
    SELECT RAISE(ABORT, 'discrepancy_gift') FROM donation WHERE transaction_id = NEW.item AND confirmed_us IS NOT NULL;
END;

-- A campaign is not closed while money that came for an order of it waits for a decision (facts: charity 3.1).
CREATE TRIGGER campaign_suspense BEFORE UPDATE OF state ON campaign WHEN NEW.state = 'closed' AND OLD.state <> 'closed' BEGIN
    SELECT RAISE(ABORT, 'campaign_suspense') FROM discrepancy d JOIN donation o ON o.id = d.donation_id
        WHERE o.campaign_id = NEW.id AND d.suspense AND d.state = 'open';
END;
