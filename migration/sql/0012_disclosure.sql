-- What was published and when, what is known to be due, and what runs tell of themselves. Written by app.

-- 重大事项 of a charity, and that the emergency of a campaign is over (facts: charity 2.5, 4).
CREATE TABLE major_event (
    id UUID NOT NULL,
    book_id UUID NOT NULL,
    campaign_id UUID,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    words TEXT NOT NULL,
    happened_on TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT major_event_pkey PRIMARY KEY (id),
    CONSTRAINT major_event_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT major_event_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT major_event_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT major_event_kind_check CHECK (kind IN ('asset_change', 'investment', 'transaction', 'money_flow', 'related_party', 'emergency_over')),
    CONSTRAINT major_event_emergency_check CHECK (kind <> 'emergency_over' OR campaign_id IS NOT NULL),
    CONSTRAINT major_event_day_check CHECK (length(happened_on) = 10)
) /*strict*/;

CREATE UNIQUE INDEX major_event_emergency_key ON major_event (campaign_id) WHERE kind = 'emergency_over';
CREATE INDEX major_event_book_idx ON major_event (book_id, happened_on);

-- A version of what is published: its text as it stands for ever, and the SHA-256 of that text. A correction is the next version, with a
-- note of what was wrong (令81 Art. 16). Names of donors are not in it: they are asked for anew, because consent can be taken back.
CREATE TABLE disclosure (
    id UUID NOT NULL,
    series_id UUID NOT NULL,
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    book_id UUID NOT NULL,
    campaign_id UUID,
    event_id UUID,
    year BIGINT,
    from_day TEXT NOT NULL,
    through_day TEXT NOT NULL,
    title TEXT NOT NULL,
    content TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    wish BYTEA NOT NULL,
    correction TEXT,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT disclosure_pkey PRIMARY KEY (id),
    CONSTRAINT disclosure_version_key UNIQUE (series_id, version),
    CONSTRAINT disclosure_series_fkey FOREIGN KEY (series_id) REFERENCES disclosure (id),
    CONSTRAINT disclosure_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT disclosure_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT disclosure_event_fkey FOREIGN KEY (event_id) REFERENCES major_event (id),
    CONSTRAINT disclosure_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT disclosure_version_check CHECK (version >= 1 AND (version = 1) = (series_id = id)),
    CONSTRAINT disclosure_fingerprint_check CHECK (length(fingerprint) = 32 AND length(wish) = 32),
    CONSTRAINT disclosure_days_check CHECK (length(from_day) = 10 AND length(through_day) = 10 AND from_day <= through_day),
    CONSTRAINT disclosure_subject_check CHECK (
        (kind IN ('emergency_receipts', 'raising_status', 'raising_report', 'project_progress', 'project_report')
            AND campaign_id IS NOT NULL AND event_id IS NULL AND year IS NULL)
        OR (kind IN ('annual_report', 'related_parties') AND campaign_id IS NULL AND event_id IS NULL AND year IS NOT NULL)
        OR (kind = 'major_event' AND event_id IS NOT NULL AND year IS NULL))
) /*strict*/;

-- One entry for each report (令81 Art. 16): a second one of the same would be a silent replacement.
CREATE UNIQUE INDEX disclosure_report_key ON disclosure (campaign_id, kind) WHERE version = 1 AND kind IN ('raising_report', 'project_report');
CREATE UNIQUE INDEX disclosure_period_key ON disclosure (campaign_id, kind, through_day)
    WHERE version = 1 AND kind IN ('emergency_receipts', 'raising_status', 'project_progress');
CREATE UNIQUE INDEX disclosure_year_key ON disclosure (book_id, kind, year) WHERE version = 1 AND year IS NOT NULL;
CREATE UNIQUE INDEX disclosure_event_key ON disclosure (event_id) WHERE version = 1 AND event_id IS NOT NULL;
CREATE INDEX disclosure_campaign_idx ON disclosure (campaign_id, created_us, id);
CREATE INDEX disclosure_book_idx ON disclosure (book_id, created_us, id);

-- That a version was published: where, under which number or address, on which day.
CREATE TABLE disclosure_publication (
    id UUID NOT NULL,
    disclosure_id UUID NOT NULL,
    place TEXT NOT NULL,
    reference TEXT NOT NULL,
    published_on TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT disclosure_publication_pkey PRIMARY KEY (id),
    CONSTRAINT disclosure_publication_place_key UNIQUE (disclosure_id, place),
    CONSTRAINT disclosure_publication_disclosure_fkey FOREIGN KEY (disclosure_id) REFERENCES disclosure (id),
    CONSTRAINT disclosure_publication_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT disclosure_publication_place_check CHECK (place IN ('charity_china', 'own_site', 'designated_platform', 'authority', 'other')),
    CONSTRAINT disclosure_publication_reference_check CHECK (length(reference) BETWEEN 1 AND 500),
    CONSTRAINT disclosure_publication_day_check CHECK (length(published_on) = 10)
) /*strict*/;

-- The number of a duty from a day on, where it is not the law's own, and who is told of it when.
CREATE TABLE duty_rule (
    kind TEXT NOT NULL,
    from_day TEXT NOT NULL,
    amount BIGINT NOT NULL,
    warn_days BIGINT NOT NULL,
    escalate_days BIGINT NOT NULL,
    escalate_to TEXT NOT NULL,
    reason TEXT NOT NULL,
    author_id UUID NOT NULL,
    created_us BIGINT NOT NULL,
    CONSTRAINT duty_rule_pkey PRIMARY KEY (kind, from_day),
    CONSTRAINT duty_rule_author_fkey FOREIGN KEY (author_id) REFERENCES staff (id),
    CONSTRAINT duty_rule_day_check CHECK (length(from_day) = 10),
    CONSTRAINT duty_rule_amount_check CHECK (amount BETWEEN 1 AND 1231),
    CONSTRAINT duty_rule_days_check CHECK (warn_days BETWEEN 0 AND 366 AND escalate_days BETWEEN 0 AND 366)
) /*strict*/;

-- That somebody was warned of a duty, or that it went to the next higher person: once each. It is closed when the duty is done or gone.
CREATE TABLE duty_notice (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    book_id UUID NOT NULL,
    campaign_id UUID,
    subject UUID NOT NULL,
    due TEXT NOT NULL,
    level TEXT NOT NULL,
    addressee TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    closed_us BIGINT,
    CONSTRAINT duty_notice_pkey PRIMARY KEY (id),
    CONSTRAINT duty_notice_once_key UNIQUE (kind, subject, due, level),
    CONSTRAINT duty_notice_book_fkey FOREIGN KEY (book_id) REFERENCES book (id),
    CONSTRAINT duty_notice_campaign_fkey FOREIGN KEY (campaign_id) REFERENCES campaign (id),
    CONSTRAINT duty_notice_level_check CHECK (level IN ('warning', 'escalation'))
) /*strict*/;

CREATE INDEX duty_notice_open_idx ON duty_notice (created_us, id) WHERE closed_us IS NULL;

-- Who asked for a run; nobody if it was the clock.
ALTER TABLE job_run ADD COLUMN asked_by UUID CONSTRAINT job_run_asked_fkey REFERENCES staff (id);

-- What a run tells while it lasts.
CREATE TABLE job_line (
    run_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    failed BOOLEAN NOT NULL,
    words TEXT NOT NULL,
    CONSTRAINT job_line_pkey PRIMARY KEY (run_id, seq),
    CONSTRAINT job_line_run_fkey FOREIGN KEY (run_id) REFERENCES job_run (id) ON DELETE CASCADE
) /*strict*/;
