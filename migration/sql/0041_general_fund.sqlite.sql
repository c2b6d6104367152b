-- A gift, and a list of gifts, may be for no campaign; a claim of a gift without one is for the general fund. SQLite takes no constraint off a
-- column; a hot table is not written anew for it, but its text is changed as its manual says (lang_altertable.html, part 7): taking constraints off
-- leaves every row as it is.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'campaign_id BLOB NOT NULL,', 'campaign_id BLOB,')
    WHERE type = 'table' AND name IN ('donation', 'gift_list');
UPDATE sqlite_schema SET sql = replace(sql, '(choice = ''gift'') = (campaign_id IS NOT NULL)', '(choice = ''gift'' OR campaign_id IS NULL)')
    WHERE type = 'table' AND name = 'bank_claim';
PRAGMA writable_schema = RESET;

-- What a gift is for never changes, whichever of the two it is.
DROP TRIGGER donation_fixed;
CREATE TRIGGER donation_fixed BEFORE UPDATE OF amount_fen, campaign_id, book_id, donor_id, channel ON donation
WHEN NEW.amount_fen <> OLD.amount_fen OR NEW.campaign_id IS NOT OLD.campaign_id OR NEW.book_id IS NOT OLD.book_id
    OR NEW.donor_id IS NOT OLD.donor_id OR NEW.channel <> OLD.channel
BEGIN SELECT RAISE(ABORT, 'donation_fixed'); END;

DROP TRIGGER gift_list_stands;
CREATE TRIGGER gift_list_stands BEFORE INSERT ON gift_list BEGIN
    SELECT RAISE(ABORT, 'gift_list_pkey') FROM gift_list WHERE id = NEW.id;
    SELECT RAISE(ABORT, 'gift_list_content_key') FROM gift_list WHERE campaign_id = NEW.campaign_id AND sha256 = NEW.sha256 AND state <>
        'declined' AND NEW.state <> 'declined';
    SELECT RAISE(ABORT, 'gift_list_general_key') FROM gift_list WHERE campaign_id IS NULL AND NEW.campaign_id IS NULL AND book_id = NEW.book_id
        AND sha256 = NEW.sha256 AND state <> 'declined' AND NEW.state <> 'declined';
END;
DROP TRIGGER gift_list_keeps;
CREATE TRIGGER gift_list_keeps BEFORE UPDATE OF state ON gift_list BEGIN
    SELECT RAISE(ABORT, 'gift_list_content_key') FROM gift_list WHERE rowid <> OLD.rowid AND campaign_id = NEW.campaign_id AND sha256 =
        NEW.sha256 AND state <> 'declined' AND NEW.state <> 'declined';
    SELECT RAISE(ABORT, 'gift_list_general_key') FROM gift_list WHERE rowid <> OLD.rowid AND campaign_id IS NULL AND NEW.campaign_id IS NULL
        AND book_id = NEW.book_id AND sha256 = NEW.sha256 AND state <> 'declined' AND NEW.state <> 'declined';
END;
