-- The papers of an application: what the borrower proves it with, and what officers add. Sealed with the borrower's key, and unlike
-- attachments they can go: with the borrower, and when a file that came to nothing is purged. hash is of the plain bytes, keyed.
CREATE TABLE loan_paper (
    id UUID NOT NULL,
    application_id UUID NOT NULL,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    content_sealed BYTEA NOT NULL,
    staff_id UUID,
    created_us BIGINT NOT NULL,
    withdrawn_us BIGINT,
    CONSTRAINT loan_paper_pkey PRIMARY KEY (id),
    CONSTRAINT loan_paper_application_fkey FOREIGN KEY (application_id) REFERENCES loan_application (id),
    CONSTRAINT loan_paper_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT loan_paper_size_check CHECK (size BETWEEN 1 AND 10485760)
) /*strict*/;

CREATE INDEX loan_paper_application_idx ON loan_paper (application_id, created_us);
-- The same bytes prove the same thing once.
CREATE UNIQUE INDEX loan_paper_once_key ON loan_paper (application_id, kind, hash) WHERE withdrawn_us IS NULL;
