-- A refund is asked for by the number the channel gave it: it stands on WeChat's own pages and in its bills.
CREATE INDEX refund_channel_idx ON refund (channel_refund_id) WHERE channel_refund_id IS NOT NULL;
