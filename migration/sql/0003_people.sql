-- The organisation tree, the charities and their certificates, scoped and delegated roles, and documents. Written by app.

-- Who manages (组织), which is neither where something is (行政区划) nor whose books it stands in (法人). path holds the codes from
-- the root to the unit, each followed by a slash, and never changes: a part of the tree is what begins with the path of its top.
CREATE TABLE unit (
    id UUID NOT NULL,
    parent_id UUID,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    division TEXT,
    path TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT unit_pkey PRIMARY KEY (id),
    CONSTRAINT unit_code_key UNIQUE (code),
    CONSTRAINT unit_path_key UNIQUE (path),
    CONSTRAINT unit_parent_fkey FOREIGN KEY (parent_id) REFERENCES unit (id),
    CONSTRAINT unit_kind_check CHECK (kind IN ('province', 'city', 'county', 'township', 'school', 'station')),
    CONSTRAINT unit_division_check CHECK (division IS NULL OR length(division) IN (2, 4, 6, 9)),
    CONSTRAINT unit_root_check CHECK ((parent_id IS NULL) = (path = '/' || code || '/'))
) /*strict*/;

CREATE INDEX unit_parent_idx ON unit (parent_id);

-- A charity (慈善组织): the legal entity whose books a book is. profile says how many persons its papers need (facts: charity
-- 6.6a): full, or small, where up to single_limit_fen one approval suffices. Above third_limit_fen a third person approves.
-- A payee's account that changed within account_quiet_days needs another look.
CREATE TABLE charity (
    book_id UUID NOT NULL,
    unit_id UUID NOT NULL,
    profile TEXT NOT NULL,
    single_limit_fen BIGINT NOT NULL,
    third_limit_fen BIGINT NOT NULL,
    account_quiet_days BIGINT NOT NULL,
    mchid TEXT,
    bank_account TEXT NOT NULL,
    office_address TEXT NOT NULL,
    contact TEXT NOT NULL,
    information_url TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    CONSTRAINT charity_pkey PRIMARY KEY (book_id),
    CONSTRAINT charity_merchant_key UNIQUE (mchid),
    CONSTRAINT charity_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT charity_unit_fkey FOREIGN KEY (unit_id) REFERENCES unit (id),
    CONSTRAINT charity_profile_check CHECK (profile IN ('full', 'small')),
    CONSTRAINT charity_single_check CHECK (single_limit_fen BETWEEN 0 AND third_limit_fen),
    CONSTRAINT charity_third_check CHECK (third_limit_fen BETWEEN 0 AND 1000000000000000),
    CONSTRAINT charity_quiet_check CHECK (account_quiet_days BETWEEN 0 AND 3650)
) /*strict*/;

-- 公开募捐资格证书. Valid from issued_on to expires_on, both included, unless revoked before.
CREATE TABLE certificate (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    number TEXT NOT NULL,
    issuer TEXT NOT NULL,
    issued_on TEXT NOT NULL,
    expires_on TEXT NOT NULL,
    revoked_on TEXT,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT certificate_pkey PRIMARY KEY (id),
    CONSTRAINT certificate_number_key UNIQUE (book_id, number),
    CONSTRAINT certificate_charity_fkey FOREIGN KEY (book_id) REFERENCES charity (book_id),
    CONSTRAINT certificate_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT certificate_issued_check CHECK (length(issued_on) = 10),
    CONSTRAINT certificate_expires_check CHECK (length(expires_on) = 10 AND issued_on <= expires_on)
) /*strict*/;

-- Another profile or other limits of a charity: proposed by one person, decided by another.
CREATE TABLE profile_change (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    profile TEXT NOT NULL,
    single_limit_fen BIGINT NOT NULL,
    third_limit_fen BIGINT NOT NULL,
    account_quiet_days BIGINT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    acting_for_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT profile_change_pkey PRIMARY KEY (id),
    CONSTRAINT profile_change_charity_fkey FOREIGN KEY (book_id) REFERENCES charity (book_id),
    CONSTRAINT profile_change_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT profile_change_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT profile_change_state_check CHECK (state IN ('proposed', 'approved', 'declined')),
    CONSTRAINT profile_change_approved_check CHECK (state = 'proposed' OR approver_id IS NOT NULL),
    CONSTRAINT profile_change_acting_fkey FOREIGN KEY (acting_for_id) REFERENCES staff (id),
    CONSTRAINT profile_change_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT profile_change_acting_check CHECK (acting_for_id IS NULL OR acting_for_id <> author_id),
    CONSTRAINT profile_change_profile_check CHECK (profile IN ('full', 'small')),
    CONSTRAINT profile_change_single_check CHECK (single_limit_fen BETWEEN 0 AND third_limit_fen)
) /*strict*/;

CREATE INDEX profile_change_charity_idx ON profile_change (book_id, created_us);

-- The HMAC of the number of an identity card: one natural person, one account.
ALTER TABLE staff ADD COLUMN person_hmac BYTEA;
CREATE UNIQUE INDEX staff_person_key ON staff (person_hmac);

-- A role for somebody who is a member of staff already: proposed by one administrator, decided by another; nobody for themselves.
CREATE TABLE role_grant (
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    role TEXT NOT NULL,
    unit_id UUID,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    acting_for_id UUID,
    created_us BIGINT NOT NULL,
    decided_us BIGINT,
    CONSTRAINT role_grant_pkey PRIMARY KEY (id),
    CONSTRAINT role_grant_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id),
    CONSTRAINT role_grant_unit_fkey FOREIGN KEY (unit_id) REFERENCES unit (id),
    CONSTRAINT role_grant_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT role_grant_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT role_grant_acting_fkey FOREIGN KEY (acting_for_id) REFERENCES staff (id),
    CONSTRAINT role_grant_state_check CHECK (state IN ('proposed', 'approved', 'declined')),
    CONSTRAINT role_grant_approved_check CHECK (state = 'proposed' OR approver_id IS NOT NULL),
    CONSTRAINT role_grant_self_check CHECK (author_id <> staff_id AND (approver_id IS NULL OR approver_id <> staff_id)),
    CONSTRAINT role_grant_own_check CHECK (approver_id IS NULL OR approver_id <> author_id),
    CONSTRAINT role_grant_acting_check CHECK (acting_for_id IS NULL OR (acting_for_id <> author_id AND acting_for_id <> staff_id))
) /*strict*/;

CREATE INDEX role_grant_created_idx ON role_grant (created_us, id);

-- A role lent to somebody from a day to a day, both included (授权代办). What is done with it is done by the person who does
-- it; the papers also name whom they stood in for.
CREATE TABLE delegation (
    id UUID NOT NULL,
    lender_id UUID NOT NULL,
    holder_id UUID NOT NULL,
    role TEXT NOT NULL,
    unit_id UUID,
    starts_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    author_id UUID NOT NULL,
    approver_id UUID,
    acting_for_id UUID,
    revoked_us BIGINT,
    created_us BIGINT NOT NULL,
    CONSTRAINT delegation_pkey PRIMARY KEY (id),
    CONSTRAINT delegation_lender_fkey FOREIGN KEY (lender_id) REFERENCES staff (id),
    CONSTRAINT delegation_holder_fkey FOREIGN KEY (holder_id) REFERENCES staff (id),
    CONSTRAINT delegation_unit_fkey FOREIGN KEY (unit_id) REFERENCES unit (id),
    CONSTRAINT delegation_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT delegation_approver_fkey FOREIGN KEY (approver_id) REFERENCES staff (id),
    CONSTRAINT delegation_acting_fkey FOREIGN KEY (acting_for_id) REFERENCES staff (id),
    CONSTRAINT delegation_acting_check CHECK (acting_for_id IS NULL OR (acting_for_id <> author_id AND acting_for_id <> holder_id)),
    CONSTRAINT delegation_self_check CHECK (lender_id <> holder_id),
    CONSTRAINT delegation_own_check CHECK (approver_id IS NULL OR (approver_id <> author_id AND approver_id <> holder_id)),
    CONSTRAINT delegation_days_check CHECK (length(starts_on) = 10 AND length(ends_on) = 10 AND starts_on <= ends_on)
) /*strict*/;

CREATE INDEX delegation_created_idx ON delegation (created_us, id);
CREATE INDEX delegation_holder_idx ON delegation (holder_id, ends_on);
CREATE INDEX delegation_lender_idx ON delegation (lender_id, ends_on);

-- A document is named by the SHA-256 of its bytes and stands once, however often it is attached.
CREATE TABLE document (
    hash BYTEA NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    content BYTEA NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT document_pkey PRIMARY KEY (hash),
    CONSTRAINT document_hash_check CHECK (length(hash) = 32),
    CONSTRAINT document_size_check CHECK (size = length(content) AND size BETWEEN 1 AND 10485760)
) /*strict*/;

-- A document under something: object names it (disbursement:{id}), kind says what it proves.
CREATE TABLE attachment (
    id UUID NOT NULL,
    object TEXT NOT NULL,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    hash BYTEA NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    withdrawn_us BIGINT,
    CONSTRAINT attachment_pkey PRIMARY KEY (id),
    CONSTRAINT attachment_document_fkey FOREIGN KEY (hash) REFERENCES document (hash),
    CONSTRAINT attachment_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id)
) /*strict*/;

CREATE INDEX attachment_object_idx ON attachment (object, created_us);
-- The same bytes prove the same thing once.
CREATE UNIQUE INDEX attachment_once_key ON attachment (object, kind, hash) WHERE withdrawn_us IS NULL;

-- Personal data shown in plain: who saw what of whom, and why.
CREATE TABLE unmasking (
    id UUID NOT NULL,
    at_us BIGINT NOT NULL,
    staff_id UUID NOT NULL,
    object TEXT NOT NULL,
    fields TEXT NOT NULL,
    reason TEXT NOT NULL,
    origin TEXT NOT NULL,
    CONSTRAINT unmasking_pkey PRIMARY KEY (id),
    CONSTRAINT unmasking_staff_fkey FOREIGN KEY (staff_id) REFERENCES staff (id)
) /*strict*/;

CREATE INDEX unmasking_at_idx ON unmasking (at_us, id);
CREATE INDEX unmasking_object_idx ON unmasking (object, at_us);
