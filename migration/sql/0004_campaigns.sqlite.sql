-- SQLite changes no constraint of a table: campaign is made anew with what the law wants known of it. What refers to it is looked
-- at when the migration commits, and finds every row again.
PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE kept_campaign AS SELECT * FROM campaign;
DROP TABLE campaign;
CREATE TABLE campaign (
    id BLOB NOT NULL,
    book_id BLOB NOT NULL,
    unit_id BLOB,
    unit_path TEXT NOT NULL,
    parent_id BLOB,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    summary TEXT NOT NULL,
    cause TEXT NOT NULL,
    target_fen INTEGER NOT NULL,
    over_target INTEGER NOT NULL,
    starts_us INTEGER NOT NULL,
    ends_us INTEGER NOT NULL,
    state TEXT NOT NULL,
    suspended_from TEXT,
    frozen INTEGER NOT NULL,
    round INTEGER NOT NULL,
    plan_version INTEGER NOT NULL,
    emergency INTEGER NOT NULL,
    channel TEXT NOT NULL,
    platform_number TEXT,
    platform_url TEXT,
    operator_code TEXT,
    filing_submitted_on TEXT,
    filing_number TEXT,
    filed_on TEXT,
    opened_us INTEGER,
    ended_us INTEGER,
    author_id BLOB NOT NULL,
    created_us INTEGER NOT NULL,
    changed_us INTEGER NOT NULL,
    CONSTRAINT campaign_pkey PRIMARY KEY (id),
    CONSTRAINT campaign_author_key UNIQUE (id, author_id),
    CONSTRAINT campaign_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT campaign_staff_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT campaign_unit_fkey FOREIGN KEY (unit_id) REFERENCES unit (id),
    CONSTRAINT campaign_parent_fkey FOREIGN KEY (parent_id) REFERENCES campaign (id),
    CONSTRAINT campaign_target_check CHECK (target_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT campaign_period_check CHECK (starts_us < ends_us),
    CONSTRAINT campaign_kind_check CHECK (kind IN ('leaf', 'parent')),
    CONSTRAINT campaign_parent_check CHECK (parent_id IS NULL OR kind = 'leaf'),
    CONSTRAINT campaign_cause_check CHECK (cause IN ('education', 'care', 'medical', 'disaster', 'rural', 'environment', 'other')),
    CONSTRAINT campaign_channel_check CHECK (channel IN ('', 'designated_platform', 'own_site', 'offline', 'designated_platform,own_site',
        'designated_platform,offline', 'own_site,offline', 'designated_platform,own_site,offline')),
    CONSTRAINT campaign_filed_check CHECK ((filing_number IS NULL) = (filed_on IS NULL)
        AND (filing_number IS NULL OR filing_submitted_on IS NOT NULL)),
    CONSTRAINT campaign_suspended_check CHECK (state <> 'suspended' OR (frozen AND suspended_from IS NOT NULL)),
    CONSTRAINT campaign_state_check CHECK (state IN ('draft', 'submitted', 'org_review', 'finance_review', 'approved', 'filing', 'filed',
        'scheduled', 'open', 'paused', 'ended', 'executing', 'closing', 'closed', 'rejected', 'suspended', 'cancelled', 'terminated',
        'emergency_open'))
) STRICT;
-- What stands keeps working: it belongs to the top of the tree, or to the whole of it where no tree is planted yet, and has no plan
-- of the new kind (version 0) until it is revised. What is open stays open.
INSERT INTO campaign (id, book_id, unit_id, unit_path, parent_id, kind, name, summary, cause, target_fen, over_target, starts_us, ends_us,
    state, suspended_from, frozen, round, plan_version, emergency, channel, platform_number, platform_url, operator_code,
    filing_submitted_on, filing_number, filed_on, opened_us, ended_us, author_id, created_us, changed_us)
SELECT c.id, c.book_id, u.id, COALESCE(u.path, '/'), NULL, 'leaf', c.name, c.summary, 'other', c.target_fen, c.over_target, c.starts_us,
    c.ends_us, c.state, NULL, 0, c.round, 0, 0, '', NULL, NULL, NULL, NULL, NULL, NULL,
    (SELECT min(h.at_us) FROM campaign_history h WHERE h.campaign_id = c.id AND h.to_state = 'open'),
    (SELECT min(h.at_us) FROM campaign_history h WHERE h.campaign_id = c.id AND h.to_state = 'ended'),
    c.author_id, c.created_us, c.changed_us
FROM kept_campaign c LEFT JOIN unit u ON u.id = (SELECT id FROM unit WHERE parent_id IS NULL ORDER BY created_us, id LIMIT 1);
DROP TABLE kept_campaign;

CREATE INDEX campaign_created_idx ON campaign (created_us, id);
CREATE INDEX campaign_unit_idx ON campaign (unit_path, created_us);
CREATE INDEX campaign_parent_idx ON campaign (parent_id);

-- A campaign stands beyond its reviews only with two approvals of its round, and it is open for gifts only if it was filed, or if a
-- disaster allows to file later.
CREATE TRIGGER campaign_guard BEFORE UPDATE OF state ON campaign
WHEN OLD.state <> NEW.state AND NEW.state NOT IN ('draft', 'submitted', 'org_review', 'finance_review', 'rejected', 'cancelled')
BEGIN
    SELECT RAISE(ABORT, 'campaign_not_approved')
        WHERE (SELECT count(*) FROM campaign_approval WHERE campaign_id = NEW.id AND round = NEW.round) < 2;
    SELECT RAISE(ABORT, 'campaign_plan_missing')
        WHERE OLD.state IN ('draft', 'submitted', 'org_review', 'finance_review', 'rejected')
        AND NOT EXISTS (SELECT 1 FROM campaign_plan WHERE campaign_id = NEW.id AND version = NEW.plan_version AND state = 'in_force');
    SELECT RAISE(ABORT, 'campaign_not_filed')
        WHERE NEW.filing_number IS NULL AND (NEW.state IN ('filed', 'scheduled')
            OR (NEW.state = 'open' AND OLD.state NOT IN ('paused', 'suspended')));
    SELECT RAISE(ABORT, 'campaign_filed_lately') WHERE OLD.state = 'scheduled' AND NEW.state = 'open' AND NOT NEW.emergency
        AND date(NEW.changed_us / 1000000 + 28800, 'unixepoch') < date(NEW.filing_submitted_on, '+10 days');
    SELECT RAISE(ABORT, 'campaign_not_emergency') WHERE NEW.state = 'emergency_open' AND NOT NEW.emergency;
    SELECT RAISE(ABORT, 'campaign_not_settled') WHERE NEW.state = 'closed' AND (NOT EXISTS (SELECT 1 FROM final_disclosure
        WHERE campaign_id = NEW.id) OR EXISTS (SELECT 1 FROM fund WHERE campaign_id = NEW.id AND received_fen - used_fen <> 0)
        OR EXISTS (SELECT 1 FROM donation WHERE campaign_id = NEW.id AND state IN ('created', 'paying', 'refund_requested', 'refunding',
            'refund_failed')));
END;
-- Suspended is what has a suspension; it ends by the lifting, and only then its money moves.
CREATE TRIGGER campaign_suspension_guard BEFORE UPDATE OF state, frozen, suspended_from ON campaign
WHEN OLD.state = 'suspended' AND (NEW.state <> 'suspended' OR NOT NEW.frozen OR NEW.suspended_from <> OLD.suspended_from)
BEGIN
    SELECT RAISE(ABORT, 'campaign_suspended') FROM suspension WHERE campaign_id = NEW.id AND lifted_us IS NULL;
    SELECT RAISE(ABORT, 'campaign_suspended') WHERE NEW.state = 'suspended';
END;
CREATE TRIGGER campaign_suspend_guard BEFORE UPDATE OF state ON campaign WHEN NEW.state = 'suspended' AND OLD.state <> 'suspended'
BEGIN
    SELECT RAISE(ABORT, 'campaign_suspended') WHERE NEW.suspended_from <> OLD.state
        OR NOT EXISTS (SELECT 1 FROM suspension WHERE campaign_id = NEW.id AND lifted_us IS NULL);
END;
-- Given up is only what no money came for.
CREATE TRIGGER campaign_cancel_guard BEFORE UPDATE OF state ON campaign WHEN NEW.state = 'cancelled' AND OLD.state <> NEW.state BEGIN
    SELECT RAISE(ABORT, 'campaign_has_money') FROM donation WHERE campaign_id = NEW.id AND (confirmed_us IS NOT NULL OR state IN ('created', 'paying'));
END;
CREATE TRIGGER campaign_insert_guard BEFORE INSERT ON campaign WHEN NEW.state <> 'draft' OR NEW.frozen BEGIN
    SELECT RAISE(ABORT, 'campaign_not_approved');
END;
CREATE TRIGGER campaign_author_guard BEFORE UPDATE OF author_id ON campaign WHEN NEW.author_id <> OLD.author_id BEGIN
    SELECT RAISE(ABORT, 'campaign_author_fixed');
END;
-- What everybody reads of a campaign is what its plan says: beyond the draft it changes with the version in force only.
CREATE TRIGGER campaign_text_guard BEFORE UPDATE OF id, book_id, unit_id, unit_path, parent_id, kind, name, summary, cause, target_fen,
    over_target, starts_us, ends_us, emergency, plan_version ON campaign
WHEN OLD.state <> 'draft' AND (NEW.id <> OLD.id OR NEW.book_id <> OLD.book_id OR NEW.kind <> OLD.kind OR NEW.name <> OLD.name
    OR NEW.summary <> OLD.summary OR NEW.cause <> OLD.cause OR NEW.target_fen <> OLD.target_fen OR NEW.over_target <> OLD.over_target
    OR NEW.starts_us <> OLD.starts_us OR NEW.ends_us <> OLD.ends_us OR NEW.emergency <> OLD.emergency
    OR NEW.plan_version <> OLD.plan_version OR NEW.unit_id IS NOT OLD.unit_id OR NEW.unit_path <> OLD.unit_path
    OR NEW.parent_id IS NOT OLD.parent_id)
BEGIN
    SELECT RAISE(ABORT, 'campaign_text_fixed')
        WHERE NEW.id <> OLD.id OR NEW.book_id <> OLD.book_id OR NEW.kind <> OLD.kind OR NEW.unit_id IS NOT OLD.unit_id
        OR NEW.unit_path <> OLD.unit_path OR NEW.parent_id IS NOT OLD.parent_id OR NEW.plan_version <= OLD.plan_version
        OR NOT EXISTS (SELECT 1 FROM campaign_plan WHERE campaign_id = NEW.id AND version = NEW.plan_version
            AND (state = 'in_force' OR (state = 'draft' AND OLD.state = 'rejected')));
END;

CREATE TRIGGER campaign_plan_fixed BEFORE UPDATE OF campaign_id, version, content, author_id, created_us ON campaign_plan
WHEN NEW.campaign_id <> OLD.campaign_id OR NEW.version <> OLD.version OR NEW.created_us <> OLD.created_us OR NEW.author_id <> OLD.author_id
    OR (NEW.content <> OLD.content AND (OLD.state <> 'draft'
        OR NOT EXISTS (SELECT 1 FROM campaign WHERE id = OLD.campaign_id AND state = 'draft' AND plan_version = OLD.version)))
BEGIN SELECT RAISE(ABORT, 'campaign_plan_fixed'); END;
CREATE TRIGGER campaign_plan_no_delete BEFORE DELETE ON campaign_plan BEGIN SELECT RAISE(ABORT, 'campaign_plan_fixed'); END;
CREATE TRIGGER campaign_plan_insert_guard BEFORE INSERT ON campaign_plan BEGIN
    SELECT RAISE(ABORT, 'campaign_plan_fixed') WHERE NEW.state <> 'draft';
    SELECT RAISE(ABORT, 'campaign_plan_fixed') FROM campaign_plan WHERE campaign_id = NEW.campaign_id AND version = NEW.version;
END;
-- A version comes into force by the two approvals of its campaign's round, or of a change that was filed.
CREATE TRIGGER campaign_plan_guard BEFORE UPDATE OF state ON campaign_plan WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'campaign_plan_fixed')
        WHERE NOT ((OLD.state = 'draft' AND NEW.state IN ('in_force', 'declined')) OR (OLD.state = 'in_force' AND NEW.state = 'superseded'));
    SELECT RAISE(ABORT, 'campaign_plan_not_approved') WHERE NEW.state = 'in_force'
        AND NOT EXISTS (SELECT 1 FROM campaign c WHERE c.id = NEW.campaign_id AND c.plan_version = NEW.version AND c.state = 'finance_review'
            AND (SELECT count(*) FROM campaign_approval a WHERE a.campaign_id = c.id AND a.round = c.round) >= 2)
        AND NOT EXISTS (SELECT 1 FROM campaign_change h WHERE h.campaign_id = NEW.campaign_id AND h.version = NEW.version
            AND h.state = 'approved' AND h.evidence IS NOT NULL
            AND (SELECT count(*) FROM campaign_change_approval a WHERE a.change_id = h.id) >= 2);
END;

-- What is planned follows the plan in force.
CREATE TRIGGER budget_line_insert_guard BEFORE INSERT ON budget_line BEGIN
    SELECT RAISE(ABORT, 'budget_line_not_planned') WHERE NEW.committed_fen <> 0 OR NEW.used_fen <> 0
        OR NOT EXISTS (SELECT 1 FROM campaign_plan WHERE campaign_id = NEW.campaign_id AND state = 'in_force');
END;
CREATE TRIGGER budget_line_fixed BEFORE UPDATE OF campaign_id, code ON budget_line BEGIN SELECT RAISE(ABORT, 'budget_line_fixed'); END;
CREATE TRIGGER budget_line_delete_guard BEFORE DELETE ON budget_line WHEN OLD.committed_fen <> 0 OR OLD.used_fen <> 0
BEGIN SELECT RAISE(ABORT, 'budget_line_fixed'); END;

-- A change is approved by two, and a paper of two persons is decided once.
CREATE TRIGGER campaign_change_insert_guard BEFORE INSERT ON campaign_change WHEN NEW.state <> 'submitted' OR NEW.evidence IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'campaign_change_not_approved'); END;
CREATE TRIGGER campaign_change_guard BEFORE UPDATE OF state ON campaign_change WHEN NEW.state <> OLD.state BEGIN
    SELECT RAISE(ABORT, 'campaign_change_fixed') WHERE OLD.state IN ('in_force', 'declined');
    SELECT RAISE(ABORT, 'campaign_change_not_approved') WHERE NEW.state IN ('approved', 'in_force')
        AND (SELECT count(*) FROM campaign_change_approval WHERE change_id = NEW.id) < 2;
END;
CREATE TRIGGER campaign_change_fixed BEFORE UPDATE OF id, campaign_id, version, reason, author_id, created_us ON campaign_change
BEGIN SELECT RAISE(ABORT, 'campaign_change_fixed'); END;
CREATE TRIGGER campaign_change_no_delete BEFORE DELETE ON campaign_change BEGIN SELECT RAISE(ABORT, 'campaign_change_fixed'); END;
CREATE TRIGGER campaign_change_approval_no_update BEFORE UPDATE ON campaign_change_approval BEGIN SELECT RAISE(ABORT, 'campaign_change_approval_immutable'); END;
CREATE TRIGGER campaign_change_approval_no_delete BEFORE DELETE ON campaign_change_approval BEGIN SELECT RAISE(ABORT, 'campaign_change_approval_immutable'); END;
CREATE TRIGGER campaign_change_approval_guard BEFORE INSERT ON campaign_change_approval BEGIN
    SELECT RAISE(ABORT, 'campaign_change_approval_immutable') FROM campaign_change_approval
        WHERE change_id = NEW.change_id AND (step = NEW.step OR approver_id = NEW.approver_id);
END;
CREATE TRIGGER campaign_decision_insert_guard BEFORE INSERT ON campaign_decision WHEN NEW.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'campaign_decision_decided'); END;
CREATE TRIGGER campaign_decision_decided BEFORE UPDATE ON campaign_decision WHEN OLD.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'campaign_decision_decided'); END;
CREATE TRIGGER campaign_decision_fixed BEFORE UPDATE OF id, kind, book_id, campaign_id, to_campaign_id, amount_fen, operator_code, reason,
    publication, author_id, created_us ON campaign_decision BEGIN SELECT RAISE(ABORT, 'campaign_decision_fixed'); END;
CREATE TRIGGER campaign_decision_no_delete BEFORE DELETE ON campaign_decision BEGIN SELECT RAISE(ABORT, 'campaign_decision_decided'); END;
CREATE TRIGGER suspension_fixed BEFORE UPDATE OF id, campaign_id, ground, complaint_id, reason, author_id, created_us ON suspension
BEGIN SELECT RAISE(ABORT, 'suspension_fixed'); END;
CREATE TRIGGER suspension_lifted BEFORE UPDATE ON suspension WHEN OLD.lifted_us IS NOT NULL BEGIN SELECT RAISE(ABORT, 'suspension_fixed'); END;
CREATE TRIGGER suspension_insert_guard BEFORE INSERT ON suspension WHEN NEW.lifted_us IS NOT NULL BEGIN SELECT RAISE(ABORT, 'suspension_fixed'); END;
CREATE TRIGGER suspension_no_delete BEFORE DELETE ON suspension BEGIN SELECT RAISE(ABORT, 'suspension_fixed'); END;
CREATE TRIGGER final_disclosure_no_update BEFORE UPDATE ON final_disclosure BEGIN SELECT RAISE(ABORT, 'final_disclosure_fixed'); END;
CREATE TRIGGER final_disclosure_no_delete BEFORE DELETE ON final_disclosure BEGIN SELECT RAISE(ABORT, 'final_disclosure_fixed'); END;
CREATE TRIGGER campaign_update_published BEFORE UPDATE ON campaign_update WHEN OLD.state = 'published' BEGIN SELECT RAISE(ABORT, 'campaign_update_fixed'); END;
CREATE TRIGGER campaign_update_no_delete BEFORE DELETE ON campaign_update BEGIN SELECT RAISE(ABORT, 'campaign_update_fixed'); END;
CREATE TRIGGER moderation_no_update BEFORE UPDATE ON moderation BEGIN SELECT RAISE(ABORT, 'moderation_immutable'); END;
CREATE TRIGGER moderation_no_delete BEFORE DELETE ON moderation BEGIN SELECT RAISE(ABORT, 'moderation_immutable'); END;
CREATE TRIGGER complaint_fixed BEFORE UPDATE OF id, campaign_id, words, created_us ON complaint BEGIN SELECT RAISE(ABORT, 'complaint_fixed'); END;
CREATE TRIGGER complaint_answered BEFORE UPDATE ON complaint WHEN OLD.answered_us IS NOT NULL BEGIN SELECT RAISE(ABORT, 'complaint_fixed'); END;
CREATE TRIGGER complaint_no_delete BEFORE DELETE ON complaint BEGIN SELECT RAISE(ABORT, 'complaint_fixed'); END;
