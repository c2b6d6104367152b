-- Guards of lending on PostgreSQL.

-- Said once.
CREATE TRIGGER discrepancy_gone BEFORE UPDATE OF gone_us, cleared_because ON discrepancy FOR EACH ROW
    WHEN (NEW.gone_us IS DISTINCT FROM OLD.gone_us AND OLD.gone_us IS NOT NULL
        OR NEW.cleared_because IS DISTINCT FROM OLD.cleared_because AND OLD.state = 'cleared')
    EXECUTE FUNCTION refuse_named('discrepancy_fixed');
