-- A sealed day and a locked month are two things: days are sealed by themselves once they are reconciled, a month is locked by the people
-- of finance after they have looked at it (facts: charity 6.2). The last day of the last month that was locked, or of the year that was ended.
ALTER TABLE book ADD COLUMN locked_through TEXT;

-- Why a notice was closed: by the publication that did what it warned of, or for a reason.
ALTER TABLE duty_notice ADD COLUMN disclosure_id UUID CONSTRAINT duty_notice_disclosure_fkey REFERENCES disclosure (id);
ALTER TABLE duty_notice ADD COLUMN closed_why TEXT;
