-- Gates of campaigns and of gifts.

-- Who signed the agreement with a partner, and for whom: not whoever evaluates the partner. Of what was signed before nobody is known.
ALTER TABLE cooperation ADD COLUMN signer_id UUID CONSTRAINT cooperation_signer_fkey REFERENCES staff (id)
    CONSTRAINT cooperation_signer_check CHECK (evaluator_id IS NULL OR signer_id IS NULL OR evaluator_id <> signer_id);
ALTER TABLE cooperation ADD COLUMN signer_for_id UUID CONSTRAINT cooperation_signer_for_fkey REFERENCES staff (id)
    CONSTRAINT cooperation_signer_for_check CHECK (evaluator_id IS NULL OR signer_for_id IS NULL OR evaluator_id <> signer_for_id);
ALTER TABLE cooperation ADD COLUMN evaluator_for_id UUID CONSTRAINT cooperation_evaluator_for_fkey REFERENCES staff (id)
    CONSTRAINT cooperation_evaluator_for_check CHECK (evaluator_for_id IS NULL OR (evaluator_for_id <> author_id
        AND (signer_id IS NULL OR evaluator_for_id <> signer_id) AND (signer_for_id IS NULL OR evaluator_for_id <> signer_for_id)));

-- For whom a suspension was asked, and for whom whoever lifted it stood in.
ALTER TABLE suspension ADD COLUMN author_for_id UUID CONSTRAINT suspension_author_for_fkey REFERENCES staff (id)
    CONSTRAINT suspension_author_for_check CHECK (author_for_id IS NULL OR lifted_by IS NULL OR lifted_by <> author_for_id);
ALTER TABLE suspension ADD COLUMN lifted_for_id UUID CONSTRAINT suspension_lifted_for_fkey REFERENCES staff (id)
    CONSTRAINT suspension_lifted_for_check CHECK (lifted_for_id IS NULL OR (lifted_by IS NOT NULL
        AND (author_id IS NULL OR lifted_for_id <> author_id) AND (author_for_id IS NULL OR lifted_for_id <> author_for_id)));

-- That a reviewer has looked whether the campaign is for one named person, and says that it is not (facts: charity 2.1, 6.6). Of what was
-- approved before nothing is said.
ALTER TABLE campaign_approval ADD COLUMN for_a_group BOOLEAN CONSTRAINT campaign_approval_group_check CHECK (for_a_group);
