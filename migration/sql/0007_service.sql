-- Receipts, donors' enquiries, and the days on which offices work. Written by app.

-- 公益事业捐赠统一票据: numbers come from the finance bureau's system, never from here. A wrong one is voided or reversed (红冲) and
-- another one issued; nothing is edited.
CREATE TABLE receipt (
    id UUID NOT NULL,
    donation_id UUID NOT NULL,
    code TEXT NOT NULL,
    number TEXT NOT NULL,
    check_code TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    amount_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    ended_by UUID,
    ended_us BIGINT,
    end_reason TEXT,
    reversal_code TEXT,
    reversal_number TEXT,
    CONSTRAINT receipt_pkey PRIMARY KEY (id),
    CONSTRAINT receipt_number_key UNIQUE (code, number),
    CONSTRAINT receipt_reversal_key UNIQUE (reversal_code, reversal_number),
    CONSTRAINT receipt_donation_fkey FOREIGN KEY (donation_id) REFERENCES donation (id),
    CONSTRAINT receipt_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT receipt_ended_by_fkey FOREIGN KEY (ended_by) REFERENCES staff (id),
    CONSTRAINT receipt_state_check CHECK (state IN ('issued', 'voided', 'reversed')),
    CONSTRAINT receipt_ended_check CHECK (state = 'issued' OR (ended_by IS NOT NULL AND end_reason IS NOT NULL)),
    CONSTRAINT receipt_reversed_check CHECK ((state = 'reversed') = (reversal_number IS NOT NULL AND reversal_code IS NOT NULL)),
    CONSTRAINT receipt_amount_check CHECK (amount_fen BETWEEN 1 AND 1000000000000000),
    CONSTRAINT receipt_issued_check CHECK (length(issued_on) = 10)
) /*strict*/;

-- One receipt of a gift at a time.
CREATE UNIQUE INDEX receipt_live_key ON receipt (donation_id) WHERE state = 'issued';
CREATE INDEX receipt_created_idx ON receipt (created_us, id);
CREATE INDEX donation_receipt_idx ON donation (confirmed_us, id) WHERE receipt = 'requested' AND confirmed_us IS NOT NULL;

CREATE INDEX donation_bank_idx ON donation (created_us, id) WHERE channel = 'bank';

-- 慈善法 42: a donor asks, an office answers within ten working days. The question is sealed with the donor's key.
CREATE TABLE enquiry (
    id UUID NOT NULL,
    donor_id UUID NOT NULL,
    campaign_id UUID,
    donation_id UUID,
    question_sealed BYTEA NOT NULL,
    state TEXT NOT NULL,
    answer TEXT,
    answered_by UUID,
    created_us BIGINT NOT NULL,
    due_on TEXT NOT NULL,
    answered_us BIGINT,
    CONSTRAINT enquiry_pkey PRIMARY KEY (id),
    CONSTRAINT enquiry_donor_fkey FOREIGN KEY (donor_id) REFERENCES donor (id),
    CONSTRAINT enquiry_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT enquiry_donation_fkey FOREIGN KEY (donation_id) REFERENCES donation (id),
    CONSTRAINT enquiry_answerer_fkey FOREIGN KEY (answered_by) REFERENCES staff (id),
    CONSTRAINT enquiry_state_check CHECK (state IN ('open', 'answered')),
    CONSTRAINT enquiry_answer_check CHECK ((state = 'answered') = (answer IS NOT NULL AND answered_by IS NOT NULL))
) /*strict*/;

CREATE INDEX enquiry_open_idx ON enquiry (due_on, id) WHERE state = 'open';
CREATE INDEX enquiry_donor_idx ON enquiry (donor_id, created_us);

-- Days that are not what their weekday says: holidays, and the working weekends that make up for them (调休).
CREATE TABLE calendar_day (
    day TEXT NOT NULL,
    working BOOLEAN NOT NULL,
    name TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT calendar_day_pkey PRIMARY KEY (day),
    CONSTRAINT calendar_day_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT calendar_day_check CHECK (length(day) = 10)
) /*strict*/;
