-- What the law wants known of a campaign. What stands keeps working: it belongs to the top of the tree, or to the whole of it where
-- no tree is planted yet, and has no plan of the new kind (version 0) until it is revised. What is open stays open.
DROP TRIGGER campaign_guard ON campaign;
ALTER TABLE campaign
    ADD COLUMN unit_id UUID CONSTRAINT campaign_unit_fkey REFERENCES unit (id),
    ADD COLUMN unit_path TEXT NOT NULL DEFAULT '/',
    ADD COLUMN parent_id UUID CONSTRAINT campaign_parent_fkey REFERENCES campaign (id),
    ADD COLUMN kind TEXT NOT NULL DEFAULT 'leaf',
    ADD COLUMN cause TEXT NOT NULL DEFAULT 'other',
    ADD COLUMN suspended_from TEXT,
    ADD COLUMN frozen BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN plan_version BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN emergency BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN channel TEXT NOT NULL DEFAULT '',
    ADD COLUMN platform_number TEXT,
    ADD COLUMN platform_url TEXT,
    ADD COLUMN operator_code TEXT,
    ADD COLUMN filing_submitted_on TEXT,
    ADD COLUMN filing_number TEXT,
    ADD COLUMN filed_on TEXT,
    ADD COLUMN opened_us BIGINT,
    ADD COLUMN ended_us BIGINT,
    ADD CONSTRAINT campaign_kind_check CHECK (kind IN ('leaf', 'parent')),
    ADD CONSTRAINT campaign_parent_check CHECK (parent_id IS NULL OR kind = 'leaf'),
    ADD CONSTRAINT campaign_cause_check CHECK (cause IN ('education', 'care', 'medical', 'disaster', 'rural', 'environment', 'other')),
    ADD CONSTRAINT campaign_channel_check CHECK (channel IN ('', 'designated_platform', 'own_site', 'offline',
        'designated_platform,own_site', 'designated_platform,offline', 'own_site,offline', 'designated_platform,own_site,offline')),
    ADD CONSTRAINT campaign_filed_check CHECK ((filing_number IS NULL) = (filed_on IS NULL)
        AND (filing_number IS NULL OR filing_submitted_on IS NOT NULL)),
    DROP CONSTRAINT campaign_state_check,
    ADD CONSTRAINT campaign_state_check CHECK (state IN ('draft', 'submitted', 'org_review', 'finance_review', 'approved', 'filing',
        'filed', 'scheduled', 'open', 'paused', 'ended', 'executing', 'closing', 'closed', 'rejected', 'suspended', 'cancelled',
        'terminated', 'emergency_open')),
    ADD CONSTRAINT campaign_suspended_check CHECK (state <> 'suspended' OR (frozen AND suspended_from IS NOT NULL));
UPDATE campaign c SET unit_id = u.id, unit_path = u.path
    FROM unit u WHERE u.id = (SELECT id FROM unit WHERE parent_id IS NULL ORDER BY created_us, id LIMIT 1);
UPDATE campaign c SET
    opened_us = (SELECT min(h.at_us) FROM campaign_history h WHERE h.campaign_id = c.id AND h.to_state = 'open'),
    ended_us = (SELECT min(h.at_us) FROM campaign_history h WHERE h.campaign_id = c.id AND h.to_state = 'ended');

CREATE INDEX campaign_unit_idx ON campaign (unit_path text_pattern_ops, created_us);
CREATE INDEX campaign_parent_idx ON campaign (parent_id);

-- A campaign stands beyond its reviews only with two approvals of its round, and it is open for gifts only if it was filed, or if a
-- disaster allows to file later. What everybody reads of it is what its plan says: beyond the draft it changes with the version in
-- force only.
CREATE OR REPLACE FUNCTION campaign_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.frozen THEN
            RAISE EXCEPTION 'campaign_not_approved' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.author_id <> OLD.author_id THEN
        RAISE EXCEPTION 'campaign_author_fixed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state = 'cancelled' AND OLD.state <> NEW.state AND EXISTS (SELECT 1 FROM donation
        WHERE campaign_id = NEW.id AND (confirmed_us IS NOT NULL OR state IN ('created', 'paying'))) THEN
        RAISE EXCEPTION 'campaign_has_money' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state NOT IN ('draft', 'submitted', 'org_review', 'finance_review', 'rejected', 'cancelled') THEN
        IF (SELECT count(*) FROM campaign_approval WHERE campaign_id = NEW.id AND round = NEW.round) < 2 THEN
            RAISE EXCEPTION 'campaign_not_approved' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF OLD.state IN ('draft', 'submitted', 'org_review', 'finance_review', 'rejected') AND NOT EXISTS (SELECT 1 FROM campaign_plan
            WHERE campaign_id = NEW.id AND version = NEW.plan_version AND state = 'in_force') THEN
            RAISE EXCEPTION 'campaign_plan_missing' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.filing_number IS NULL AND (NEW.state IN ('filed', 'scheduled')
            OR (NEW.state = 'open' AND OLD.state NOT IN ('paused', 'suspended'))) THEN
            RAISE EXCEPTION 'campaign_not_filed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF OLD.state = 'scheduled' AND NEW.state = 'open' AND NOT NEW.emergency
           AND (to_timestamp(NEW.changed_us / 1000000) AT TIME ZONE 'Asia/Shanghai')::date < NEW.filing_submitted_on::date + 10 THEN
            RAISE EXCEPTION 'campaign_filed_lately' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.state = 'closed' AND (NOT EXISTS (SELECT 1 FROM final_disclosure WHERE campaign_id = NEW.id)
            OR EXISTS (SELECT 1 FROM fund WHERE campaign_id = NEW.id AND received_fen - used_fen <> 0)
            OR EXISTS (SELECT 1 FROM donation WHERE campaign_id = NEW.id AND state IN ('created', 'paying', 'refund_requested', 'refunding',
                'refund_failed'))) THEN
            RAISE EXCEPTION 'campaign_not_settled' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.state = 'suspended' AND (NEW.suspended_from <> OLD.state
            OR NOT EXISTS (SELECT 1 FROM suspension WHERE campaign_id = NEW.id AND lifted_us IS NULL)) THEN
            RAISE EXCEPTION 'campaign_suspended' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.state = 'emergency_open' AND NOT NEW.emergency THEN
            RAISE EXCEPTION 'campaign_not_emergency' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    -- Suspended is what has a suspension; it ends by the lifting, and only then its money moves.
    IF OLD.state = 'suspended' AND (NEW.state <> 'suspended' OR NOT NEW.frozen OR NEW.suspended_from <> OLD.suspended_from)
       AND (NEW.state = 'suspended' OR EXISTS (SELECT 1 FROM suspension WHERE campaign_id = NEW.id AND lifted_us IS NULL)) THEN
        RAISE EXCEPTION 'campaign_suspended' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> 'draft' AND (NEW.id, NEW.book_id, NEW.kind, NEW.unit_path) IS DISTINCT FROM (OLD.id, OLD.book_id, OLD.kind, OLD.unit_path)
       OR OLD.state <> 'draft' AND (NEW.unit_id, NEW.parent_id) IS DISTINCT FROM (OLD.unit_id, OLD.parent_id) THEN
        RAISE EXCEPTION 'campaign_text_fixed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.state <> 'draft'
       AND (NEW.name, NEW.summary, NEW.cause, NEW.target_fen, NEW.over_target, NEW.starts_us, NEW.ends_us, NEW.emergency, NEW.plan_version)
           IS DISTINCT FROM
           (OLD.name, OLD.summary, OLD.cause, OLD.target_fen, OLD.over_target, OLD.starts_us, OLD.ends_us, OLD.emergency, OLD.plan_version)
       AND (NEW.plan_version <= OLD.plan_version OR NOT EXISTS (SELECT 1 FROM campaign_plan WHERE campaign_id = NEW.id
            AND version = NEW.plan_version AND (state = 'in_force' OR (state = 'draft' AND OLD.state = 'rejected')))) THEN
        RAISE EXCEPTION 'campaign_text_fixed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER campaign_guard BEFORE INSERT OR UPDATE ON campaign FOR EACH ROW EXECUTE FUNCTION campaign_guard();

-- A version comes into force by the two approvals of its campaign's round, or of a change that was filed; what is no draft any more never changes.
CREATE FUNCTION campaign_plan_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'campaign_plan_fixed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.campaign_id, NEW.version, NEW.created_us, NEW.author_id) IS DISTINCT FROM (OLD.campaign_id, OLD.version, OLD.created_us, OLD.author_id)
       OR (NEW.content <> OLD.content AND (OLD.state <> 'draft'
           OR NOT EXISTS (SELECT 1 FROM campaign WHERE id = OLD.campaign_id AND state = 'draft' AND plan_version = OLD.version))) THEN
        RAISE EXCEPTION 'campaign_plan_fixed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> OLD.state THEN
        IF NOT ((OLD.state = 'draft' AND NEW.state IN ('in_force', 'declined')) OR (OLD.state = 'in_force' AND NEW.state = 'superseded')) THEN
            RAISE EXCEPTION 'campaign_plan_fixed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.state = 'in_force' AND NOT EXISTS (SELECT 1 FROM campaign c
            WHERE c.id = NEW.campaign_id AND c.plan_version = NEW.version AND c.state = 'finance_review'
            AND (SELECT count(*) FROM campaign_approval a WHERE a.campaign_id = c.id AND a.round = c.round) >= 2)
           AND NOT EXISTS (SELECT 1 FROM campaign_change h WHERE h.campaign_id = NEW.campaign_id AND h.version = NEW.version
            AND h.state = 'approved' AND h.evidence IS NOT NULL
            AND (SELECT count(*) FROM campaign_change_approval a WHERE a.change_id = h.id) >= 2) THEN
            RAISE EXCEPTION 'campaign_plan_not_approved' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER campaign_plan_guard BEFORE INSERT OR UPDATE ON campaign_plan FOR EACH ROW EXECUTE FUNCTION campaign_plan_guard();
CREATE TRIGGER campaign_plan_no_delete BEFORE DELETE OR TRUNCATE ON campaign_plan FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- What is planned follows the plan in force.
CREATE FUNCTION budget_line_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.committed_fen <> 0 OR OLD.used_fen <> 0 THEN
            RAISE EXCEPTION 'budget_line_fixed' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.committed_fen <> 0 OR NEW.used_fen <> 0
       OR NOT EXISTS (SELECT 1 FROM campaign_plan WHERE campaign_id = NEW.campaign_id AND state = 'in_force') THEN
        RAISE EXCEPTION 'budget_line_not_planned' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER budget_line_guard BEFORE INSERT OR DELETE ON budget_line FOR EACH ROW EXECUTE FUNCTION budget_line_guard();
CREATE TRIGGER budget_line_fixed BEFORE UPDATE OF campaign_id, code ON budget_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER budget_line_no_truncate BEFORE TRUNCATE ON budget_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();

-- A change is approved by two, and a paper of two persons is decided once.
CREATE FUNCTION campaign_change_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'submitted' OR NEW.evidence IS NOT NULL THEN
            RAISE EXCEPTION 'campaign_change_not_approved' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.state <> OLD.state AND OLD.state IN ('in_force', 'declined') THEN
        RAISE EXCEPTION 'campaign_change_fixed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> OLD.state AND NEW.state IN ('approved', 'in_force')
       AND (SELECT count(*) FROM campaign_change_approval WHERE change_id = NEW.id) < 2 THEN
        RAISE EXCEPTION 'campaign_change_not_approved' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER campaign_change_guard BEFORE INSERT OR UPDATE ON campaign_change FOR EACH ROW EXECUTE FUNCTION campaign_change_guard();
CREATE TRIGGER campaign_change_fixed BEFORE UPDATE OF id, campaign_id, version, reason, author_id, created_us ON campaign_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER campaign_change_no_delete BEFORE DELETE OR TRUNCATE ON campaign_change FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER campaign_change_approval_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON campaign_change_approval
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER campaign_decision_insert_guard BEFORE INSERT ON campaign_decision FOR EACH ROW WHEN (NEW.state <> 'proposed')
    EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER campaign_decision_decided BEFORE UPDATE ON campaign_decision FOR EACH ROW WHEN (OLD.state <> 'proposed')
    EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER campaign_decision_fixed BEFORE UPDATE OF id, kind, book_id, campaign_id, to_campaign_id, amount_fen, operator_code, reason,
    publication, author_id, created_us ON campaign_decision FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER campaign_decision_no_delete BEFORE DELETE OR TRUNCATE ON campaign_decision FOR EACH STATEMENT EXECUTE FUNCTION refuse_decided();
CREATE TRIGGER suspension_insert_guard BEFORE INSERT ON suspension FOR EACH ROW WHEN (NEW.lifted_us IS NOT NULL) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER suspension_fixed BEFORE UPDATE OF id, campaign_id, ground, complaint_id, reason, author_id, created_us ON suspension
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER suspension_lifted BEFORE UPDATE ON suspension FOR EACH ROW WHEN (OLD.lifted_us IS NOT NULL) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER suspension_no_delete BEFORE DELETE OR TRUNCATE ON suspension FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER final_disclosure_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON final_disclosure FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER campaign_update_published BEFORE UPDATE ON campaign_update FOR EACH ROW WHEN (OLD.state = 'published') EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER campaign_update_no_delete BEFORE DELETE OR TRUNCATE ON campaign_update FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER moderation_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER complaint_fixed BEFORE UPDATE OF id, campaign_id, words, created_us ON complaint FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER complaint_answered BEFORE UPDATE ON complaint FOR EACH ROW WHEN (OLD.answered_us IS NOT NULL) EXECUTE FUNCTION refuse_fixed();
CREATE TRIGGER complaint_no_delete BEFORE DELETE OR TRUNCATE ON complaint FOR EACH STATEMENT EXECUTE FUNCTION refuse_fixed();
