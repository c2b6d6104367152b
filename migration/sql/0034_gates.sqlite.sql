-- Gates of campaigns and of gifts, on SQLite. Each refusal is named after the rule it keeps.

-- ---- opening (facts: charity 2.1 Art. 22, 25 and 27, 3.1) ----

-- What is going to open has a channel, if it is one of the internet a designated platform and an operator, and a certificate; and its first
-- moment has come once it is open.
CREATE TRIGGER campaign_opens BEFORE UPDATE OF state ON campaign
WHEN NEW.state IN ('scheduled', 'emergency_open') AND OLD.state IN ('approved', 'filing', 'filed')
    OR (NEW.state = 'open' AND OLD.state = 'scheduled')
BEGIN
    SELECT RAISE(ABORT, 'campaign_not_begun') WHERE NEW.state <> 'scheduled' AND NEW.starts_us > NEW.changed_us;
    SELECT RAISE(ABORT, 'campaign_no_channel') WHERE NEW.channel = '';
    SELECT RAISE(ABORT, 'campaign_no_platform')
        WHERE (instr(NEW.channel, 'designated_platform') OR instr(NEW.channel, 'own_site'))
        AND (NOT instr(NEW.channel, 'designated_platform') OR NEW.platform_number IS NULL OR NEW.operator_code IS NULL
            OR NEW.platform_url IS NULL OR NEW.platform_url NOT LIKE 'https://%');
    SELECT RAISE(ABORT, 'campaign_uncertified') WHERE NOT EXISTS (SELECT 1 FROM certificate WHERE book_id = NEW.book_id
        AND confirmed_us IS NOT NULL AND issued_on <= date(max(NEW.starts_us, NEW.changed_us) / 1000000 + 28800, 'unixepoch')
        AND expires_on >= date(max(NEW.starts_us, NEW.changed_us) / 1000000 + 28800, 'unixepoch')
        AND (revoked_on IS NULL OR revoked_on > date(max(NEW.starts_us, NEW.changed_us) / 1000000 + 28800, 'unixepoch')));
END;
-- A day before the plan was approved here is shown by the authority's receipt.
CREATE TRIGGER campaign_filing_day BEFORE UPDATE OF filing_submitted_on ON campaign
WHEN NEW.filing_submitted_on IS NOT OLD.filing_submitted_on
    AND NEW.filing_submitted_on < date(OLD.changed_us / 1000000 + 28800, 'unixepoch')
BEGIN
    SELECT RAISE(ABORT, 'campaign_filing_unproven') WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL
        AND kind = 'filing_receipt' AND object = 'campaign:' || lower(substr(hex(NEW.id), 1, 8) || '-' || substr(hex(NEW.id), 9, 4) || '-'
            || substr(hex(NEW.id), 13, 4) || '-' || substr(hex(NEW.id), 17, 4) || '-' || substr(hex(NEW.id), 21)));
END;
-- What a step was taken on stays: the receipt of a filing, the agreement with a partner, the order of a suspension.
CREATE TRIGGER attachment_filed BEFORE UPDATE OF withdrawn_us ON attachment
WHEN OLD.withdrawn_us IS NULL AND NEW.withdrawn_us IS NOT NULL AND OLD.kind IN ('filing_receipt', 'contract', 'order')
    AND (OLD.object LIKE 'campaign:%' OR OLD.object LIKE 'campaign_change:%')
BEGIN
    SELECT RAISE(ABORT, 'attachment_filed') FROM campaign c
        WHERE 'campaign:' || lower(substr(hex(c.id), 1, 8) || '-' || substr(hex(c.id), 9, 4) || '-' || substr(hex(c.id), 13, 4)
            || '-' || substr(hex(c.id), 17, 4) || '-' || substr(hex(c.id), 21)) = OLD.object
        AND ((OLD.kind = 'filing_receipt' AND c.filing_submitted_on IS NOT NULL)
            OR (OLD.kind = 'contract' AND (c.filing_number IS NOT NULL OR c.opened_us IS NOT NULL)
                AND EXISTS (SELECT 1 FROM cooperation WHERE campaign_id = c.id))
            OR (OLD.kind = 'order' AND EXISTS (SELECT 1 FROM suspension WHERE campaign_id = c.id AND ground = 'order')));
    SELECT RAISE(ABORT, 'attachment_filed') FROM campaign_change c WHERE c.state = 'in_force'
        AND 'campaign_change:' || lower(substr(hex(c.id), 1, 8) || '-' || substr(hex(c.id), 9, 4) || '-' || substr(hex(c.id), 13, 4)
            || '-' || substr(hex(c.id), 17, 4) || '-' || substr(hex(c.id), 21)) = OLD.object;
END;
-- A change is in force once the authority's receipt of it is there.
CREATE TRIGGER campaign_change_proven BEFORE UPDATE OF state ON campaign_change WHEN NEW.state = 'in_force' AND OLD.state <> 'in_force'
BEGIN
    SELECT RAISE(ABORT, 'campaign_change_unproven') WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL
        AND kind = 'filing_receipt' AND object = 'campaign_change:' || lower(substr(hex(NEW.id), 1, 8) || '-' || substr(hex(NEW.id), 9, 4)
            || '-' || substr(hex(NEW.id), 13, 4) || '-' || substr(hex(NEW.id), 17, 4) || '-' || substr(hex(NEW.id), 21)));
END;

-- ---- partners (facts: charity 2.1 Art. 26) ----

-- Somebody signs an agreement. Once the campaign is filed or open it stands, unless a change that two approved names another partner.
CREATE TRIGGER cooperation_unsigned BEFORE INSERT ON cooperation WHEN NEW.signer_id IS NULL
BEGIN SELECT RAISE(ABORT, 'cooperation_unsigned'); END;
CREATE TRIGGER cooperation_late BEFORE INSERT ON cooperation BEGIN
    SELECT RAISE(ABORT, 'cooperation_fixed') FROM campaign c WHERE c.id = NEW.campaign_id
        AND (c.filing_number IS NOT NULL OR c.opened_us IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM campaign_change h JOIN campaign_plan p ON p.campaign_id = h.campaign_id AND p.version = h.version
            JOIN partner t ON t.id = NEW.partner_id WHERE h.campaign_id = c.id AND h.state = 'approved'
            AND trim(json_extract(p.content, '$.terms.cooperation.name'), ' ' || char(9, 10, 13, 160, 12288)) = t.name);
END;
CREATE TRIGGER cooperation_signed BEFORE UPDATE OF partner_id, signed_on, agreement, signer_id, signer_for_id ON cooperation
WHEN NEW.partner_id <> OLD.partner_id OR NEW.signed_on <> OLD.signed_on OR NEW.agreement <> OLD.agreement
    OR NEW.signer_id IS NOT OLD.signer_id OR NEW.signer_for_id IS NOT OLD.signer_for_id
BEGIN
    SELECT RAISE(ABORT, 'cooperation_unsigned') WHERE NEW.signer_id IS NULL;
    SELECT RAISE(ABORT, 'cooperation_fixed') FROM campaign c WHERE c.id = NEW.campaign_id
        AND (c.filing_number IS NOT NULL OR c.opened_us IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM campaign_change h JOIN campaign_plan p ON p.campaign_id = h.campaign_id AND p.version = h.version
            JOIN partner t ON t.id = NEW.partner_id WHERE h.campaign_id = c.id AND h.state = 'approved'
            AND trim(json_extract(p.content, '$.terms.cooperation.name'), ' ' || char(9, 10, 13, 160, 12288)) = t.name);
END;

-- ---- suspensions (facts: charity 2.1 Art. 103-108) ----

-- An authority's order is there to be read. A suspension on a complaint is lifted once the complaint is answered.
CREATE TRIGGER suspension_ordered BEFORE INSERT ON suspension WHEN NEW.ground = 'order' BEGIN
    SELECT RAISE(ABORT, 'suspension_undocumented') WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE withdrawn_us IS NULL
        AND kind = 'order' AND object = 'campaign:' || lower(substr(hex(NEW.campaign_id), 1, 8) || '-' || substr(hex(NEW.campaign_id), 9, 4)
            || '-' || substr(hex(NEW.campaign_id), 13, 4) || '-' || substr(hex(NEW.campaign_id), 17, 4) || '-'
            || substr(hex(NEW.campaign_id), 21)));
END;
CREATE TRIGGER suspension_answered BEFORE UPDATE OF lifted_us ON suspension WHEN NEW.lifted_us IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'suspension_unanswered') FROM complaint
        WHERE id = NEW.complaint_id AND state NOT IN ('upheld', 'dismissed');
END;
CREATE TRIGGER suspension_author_for BEFORE UPDATE OF author_for_id ON suspension WHEN NEW.author_for_id IS NOT OLD.author_for_id
BEGIN SELECT RAISE(ABORT, 'suspension_fixed'); END;

-- ---- receipts (facts: charity 3.4) ----

-- A receipt is of what is left of its gift.
CREATE TRIGGER receipt_amount BEFORE INSERT ON receipt BEGIN
    SELECT RAISE(ABORT, 'receipt_amount') WHERE NOT EXISTS (SELECT 1 FROM donation WHERE id = NEW.donation_id
        AND confirmed_us IS NOT NULL AND amount_fen - refunded_fen = NEW.amount_fen);
END;
