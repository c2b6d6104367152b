-- A gift, and a list of gifts, may be for no campaign; a claim of a gift without one is for the general fund.
ALTER TABLE donation ALTER COLUMN campaign_id DROP NOT NULL;
ALTER TABLE gift_list ALTER COLUMN campaign_id DROP NOT NULL;
ALTER TABLE bank_claim DROP CONSTRAINT bank_claim_choice_check;
ALTER TABLE bank_claim ADD CONSTRAINT bank_claim_choice_check CHECK (choice IN ('gift', 'return') AND (choice = 'gift' OR campaign_id IS NULL));

-- What a gift is for never changes, whichever of the two it is.
DROP TRIGGER donation_fixed ON donation;
CREATE TRIGGER donation_fixed BEFORE UPDATE OF amount_fen, campaign_id, book_id, donor_id, channel ON donation FOR EACH ROW
WHEN (NEW.amount_fen <> OLD.amount_fen OR NEW.campaign_id IS DISTINCT FROM OLD.campaign_id OR NEW.book_id IS DISTINCT FROM OLD.book_id
    OR NEW.donor_id IS DISTINCT FROM OLD.donor_id OR NEW.channel <> OLD.channel)
EXECUTE FUNCTION refuse_fixed();
