-- Gates of campaigns and of gifts, on PostgreSQL. Each refusal is named after the rule it keeps.

-- ---- opening (facts: charity 2.1 Art. 22, 25 and 27, 3.1) ----

-- What is going to open has a channel, if it is one of the internet a designated platform and an operator, and a certificate; and its first
-- moment has come once it is open.
CREATE FUNCTION campaign_opens() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    day TEXT := to_char(to_timestamp(greatest(NEW.starts_us, NEW.changed_us) / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD');
BEGIN
    IF NEW.state <> 'scheduled' AND NEW.starts_us > NEW.changed_us THEN
        PERFORM refuse_because('campaign_not_begun');
    END IF;
    IF NEW.channel = '' THEN
        PERFORM refuse_because('campaign_no_channel');
    END IF;
    IF NEW.channel ~ 'designated_platform|own_site' AND (NEW.channel !~ 'designated_platform' OR NEW.platform_number IS NULL
            OR NEW.operator_code IS NULL OR NEW.platform_url IS NULL OR NEW.platform_url NOT LIKE 'https://%') THEN
        PERFORM refuse_because('campaign_no_platform');
    END IF;
    IF NOT EXISTS (SELECT 1 FROM certificate WHERE book_id = NEW.book_id AND confirmed_us IS NOT NULL AND issued_on <= day
            AND expires_on >= day AND (revoked_on IS NULL OR revoked_on > day)) THEN
        PERFORM refuse_because('campaign_uncertified');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_opens BEFORE UPDATE OF state ON campaign FOR EACH ROW
    WHEN ((NEW.state IN ('scheduled', 'emergency_open') AND OLD.state IN ('approved', 'filing', 'filed'))
        OR (NEW.state = 'open' AND OLD.state = 'scheduled'))
    EXECUTE FUNCTION campaign_opens();
-- A day before the plan was approved here is shown by the authority's receipt.
CREATE FUNCTION campaign_filing_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND kind = 'filing_receipt' AND object = 'campaign:' || NEW.id) THEN
        PERFORM refuse_because('campaign_filing_unproven');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_filing_day BEFORE UPDATE OF filing_submitted_on ON campaign FOR EACH ROW
    WHEN (NEW.filing_submitted_on IS DISTINCT FROM OLD.filing_submitted_on AND NEW.filing_submitted_on
        < to_char(to_timestamp(OLD.changed_us / 1000000) AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD'))
    EXECUTE FUNCTION campaign_filing_day();
-- What a step was taken on stays: the receipt of a filing, the agreement with a partner, the order of a suspension.
CREATE FUNCTION attachment_filed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM campaign c WHERE 'campaign:' || c.id = OLD.object
            AND ((OLD.kind = 'filing_receipt' AND c.filing_submitted_on IS NOT NULL)
                OR (OLD.kind = 'contract' AND (c.filing_number IS NOT NULL OR c.opened_us IS NOT NULL)
                    AND EXISTS (SELECT 1 FROM cooperation WHERE campaign_id = c.id))
                OR (OLD.kind = 'order' AND EXISTS (SELECT 1 FROM suspension WHERE campaign_id = c.id AND ground = 'order'))))
       OR EXISTS (SELECT 1 FROM campaign_change c WHERE c.state = 'in_force' AND 'campaign_change:' || c.id = OLD.object) THEN
        PERFORM refuse_because('attachment_filed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attachment_filed BEFORE UPDATE OF withdrawn_us ON attachment FOR EACH ROW
    WHEN (OLD.withdrawn_us IS NULL AND NEW.withdrawn_us IS NOT NULL AND OLD.kind IN ('filing_receipt', 'contract', 'order')
        AND (OLD.object LIKE 'campaign:%' OR OLD.object LIKE 'campaign_change:%'))
    EXECUTE FUNCTION attachment_filed();
-- A change is in force once the authority's receipt of it is there.
CREATE FUNCTION campaign_change_proven() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND kind = 'filing_receipt'
            AND object = 'campaign_change:' || NEW.id) THEN
        PERFORM refuse_because('campaign_change_unproven');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER campaign_change_proven BEFORE UPDATE OF state ON campaign_change FOR EACH ROW
    WHEN (NEW.state = 'in_force' AND OLD.state <> 'in_force') EXECUTE FUNCTION campaign_change_proven();

-- ---- partners (facts: charity 2.1 Art. 26) ----

-- Somebody signs an agreement. Once the campaign is filed or open it stands, unless a change that two approved names another partner.
CREATE FUNCTION cooperation_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.partner_id, NEW.signed_on, NEW.agreement, NEW.signer_id, NEW.signer_for_id)
            IS NOT DISTINCT FROM (OLD.partner_id, OLD.signed_on, OLD.agreement, OLD.signer_id, OLD.signer_for_id) THEN
        RETURN NEW;
    END IF;
    IF NEW.signer_id IS NULL THEN
        PERFORM refuse_because('cooperation_unsigned');
    END IF;
    IF EXISTS (SELECT 1 FROM campaign WHERE id = NEW.campaign_id AND (filing_number IS NOT NULL OR opened_us IS NOT NULL))
       AND NOT EXISTS (SELECT 1 FROM campaign_change h JOIN campaign_plan p ON p.campaign_id = h.campaign_id AND p.version = h.version
            JOIN partner t ON t.id = NEW.partner_id WHERE h.campaign_id = NEW.campaign_id AND h.state = 'approved'
            AND btrim(p.content::jsonb #>> '{terms,cooperation,name}', E' \t\n\r\u00a0\u3000') = t.name) THEN
        PERFORM refuse_because('cooperation_fixed');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cooperation_signed BEFORE INSERT OR UPDATE OF partner_id, signed_on, agreement, signer_id, signer_for_id ON cooperation
    FOR EACH ROW EXECUTE FUNCTION cooperation_signed();

-- ---- suspensions (facts: charity 2.1 Art. 103-108) ----

-- An authority's order is there to be read. A suspension on a complaint is lifted once the complaint is answered.
CREATE FUNCTION suspension_ordered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL AND kind = 'order' AND object = 'campaign:' || NEW.campaign_id) THEN
        PERFORM refuse_because('suspension_undocumented');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER suspension_ordered BEFORE INSERT ON suspension FOR EACH ROW WHEN (NEW.ground = 'order')
    EXECUTE FUNCTION suspension_ordered();
CREATE FUNCTION suspension_answered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM complaint WHERE id = NEW.complaint_id AND state NOT IN ('upheld', 'dismissed')) THEN
        PERFORM refuse_because('suspension_unanswered');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER suspension_answered BEFORE UPDATE OF lifted_us ON suspension FOR EACH ROW WHEN (NEW.lifted_us IS NOT NULL)
    EXECUTE FUNCTION suspension_answered();
CREATE TRIGGER suspension_author_for BEFORE UPDATE OF author_for_id ON suspension FOR EACH ROW
    WHEN (NEW.author_for_id IS DISTINCT FROM OLD.author_for_id) EXECUTE FUNCTION refuse_fixed();

-- ---- receipts (facts: charity 3.4) ----

-- A receipt is of what is left of its gift.
CREATE FUNCTION receipt_amount() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM donation WHERE id = NEW.donation_id AND confirmed_us IS NOT NULL
            AND amount_fen - refunded_fen = NEW.amount_fen) THEN
        PERFORM refuse_because('receipt_amount');
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER receipt_amount BEFORE INSERT ON receipt FOR EACH ROW EXECUTE FUNCTION receipt_amount();
