-- SQLite changes no constraint of a table: campaign_decision is made anew with one more kind.
CREATE TEMP TABLE kept_decision AS SELECT * FROM campaign_decision;
DROP TABLE campaign_decision;
CREATE TABLE campaign_decision (
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    book_id BLOB NOT NULL,
    campaign_id BLOB,
    to_campaign_id BLOB,
    amount_fen INTEGER,
    operator_code TEXT,
    reason TEXT NOT NULL,
    publication TEXT,
    state TEXT NOT NULL,
    author_id BLOB NOT NULL,
    approver_id BLOB,
    acting_for_id BLOB,
    created_us INTEGER NOT NULL,
    decided_us INTEGER,
    CONSTRAINT campaign_decision_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_decision_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT campaign_decision_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT campaign_decision_to_fkey FOREIGN KEY (to_campaign_id) REFERENCES campaign (id),
    CONSTRAINT campaign_decision_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_decision_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT campaign_decision_state_check CHECK (state IN ('proposed', 'approved', 'declined')),
    CONSTRAINT campaign_decision_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT campaign_decision_acting_check CHECK (acting_for_id IS NULL OR acting_for_id <> author_id),
    CONSTRAINT campaign_decision_decided_check CHECK (state = 'proposed' OR (approver_id IS NOT NULL AND decided_us IS NOT NULL)),
    CONSTRAINT campaign_decision_kind_check CHECK (
        (kind = 'operator' AND operator_code IS NOT NULL AND campaign_id IS NULL)
        OR (kind = 'leftover' AND campaign_id IS NOT NULL AND to_campaign_id IS NOT NULL AND to_campaign_id <> campaign_id
            AND amount_fen > 0 AND publication IS NOT NULL)
        OR (kind IN ('exception', 'termination') AND campaign_id IS NOT NULL))
) STRICT;
INSERT INTO campaign_decision SELECT * FROM kept_decision;
DROP TABLE kept_decision;

CREATE INDEX campaign_decision_campaign_idx ON campaign_decision (campaign_id, created_us);
CREATE INDEX campaign_decision_created_idx ON campaign_decision (created_us, id);
CREATE TRIGGER campaign_decision_insert_guard BEFORE INSERT ON campaign_decision WHEN NEW.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'campaign_decision_decided'); END;
CREATE TRIGGER campaign_decision_decided BEFORE UPDATE ON campaign_decision WHEN OLD.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'campaign_decision_decided'); END;
CREATE TRIGGER campaign_decision_fixed BEFORE UPDATE OF id, kind, book_id, campaign_id, to_campaign_id, amount_fen, operator_code, reason,
    publication, author_id, created_us ON campaign_decision BEGIN SELECT RAISE(ABORT, 'campaign_decision_fixed'); END;
CREATE TRIGGER campaign_decision_no_delete BEFORE DELETE ON campaign_decision BEGIN SELECT RAISE(ABORT, 'campaign_decision_decided'); END;

-- A campaign to which money came is given up by two persons.
CREATE TRIGGER campaign_terminate_guard BEFORE UPDATE OF state ON campaign WHEN NEW.state = 'terminated' AND OLD.state <> 'terminated' BEGIN
    SELECT RAISE(ABORT, 'campaign_undecided') WHERE NOT EXISTS (SELECT 1 FROM campaign_decision
        WHERE campaign_id = NEW.id AND kind = 'termination' AND state = 'approved');
END;

-- What was published with an update was looked at by whoever published it: nothing joins it later.
CREATE TRIGGER attachment_published BEFORE INSERT ON attachment WHEN NEW.object LIKE 'campaign_update:%' BEGIN
    SELECT RAISE(ABORT, 'attachment_published') FROM campaign_update WHERE state = 'published'
        AND 'campaign_update:' || lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' || substr(hex(id), 13, 4)
            || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)) = NEW.object;
END;

CREATE TRIGGER gift_alert_decided BEFORE UPDATE ON gift_alert WHEN OLD.state <> 'open' OR NEW.id <> OLD.id OR NEW.donation_id <> OLD.donation_id
    OR NEW.ground <> OLD.ground OR NEW.total_fen <> OLD.total_fen OR NEW.created_us <> OLD.created_us
BEGIN SELECT RAISE(ABORT, 'gift_alert_decided'); END;
CREATE TRIGGER gift_alert_no_delete BEFORE DELETE ON gift_alert BEGIN SELECT RAISE(ABORT, 'gift_alert_decided'); END;
CREATE TRIGGER campaign_comment_no_update BEFORE UPDATE ON campaign_comment BEGIN SELECT RAISE(ABORT, 'campaign_comment_immutable'); END;
CREATE TRIGGER campaign_comment_no_delete BEFORE DELETE ON campaign_comment BEGIN SELECT RAISE(ABORT, 'campaign_comment_immutable'); END;
