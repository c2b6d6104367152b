-- Gifts to the general fund of a charity (一般捐赠, 不限定用途): for no campaign, and for whatever the charity named does. They come by bank, in
-- cash or through a platform; on the internet money is raised for filed campaigns alone (慈善法 24, 27).
ALTER TABLE donation ADD COLUMN book_id UUID
    CONSTRAINT donation_book_fkey REFERENCES book (id)
    CONSTRAINT donation_purpose_check CHECK ((campaign_id IS NULL) <> (book_id IS NULL))
    CONSTRAINT donation_general_check CHECK (book_id IS NULL OR channel <> 'wechat');
CREATE INDEX donation_general_idx ON donation (book_id, id) WHERE book_id IS NOT NULL;

-- The same file is written down for a purpose once, and the general fund of a book is one.
CREATE UNIQUE INDEX gift_list_general_key ON gift_list (book_id, sha256) WHERE campaign_id IS NULL AND state <> 'declined';
