-- A line that proves an arrival or a return is stronger than what one person has proposed, either way.
DROP TRIGGER transfer_steps ON transfer;
CREATE TRIGGER transfer_steps BEFORE UPDATE OF state ON transfer FOR EACH ROW
    WHEN (NEW.state <> OLD.state AND (OLD.state || ' ' || NEW.state) NOT IN (
    'proposed departed', 'proposed rejected', 'departed arrival_proposed', 'departed return_proposed', 'departed arrived', 'departed returned',
    'arrival_proposed arrived', 'arrival_proposed departed', 'arrival_proposed returned',
    'return_proposed returned', 'return_proposed departed', 'return_proposed arrived'))
    EXECUTE FUNCTION refuse_named('transfer_steps');
