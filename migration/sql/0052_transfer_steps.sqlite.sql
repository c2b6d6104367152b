-- A line that proves an arrival or a return is stronger than what one person has proposed, either way.
DROP TRIGGER transfer_steps;
CREATE TRIGGER transfer_steps BEFORE UPDATE OF state ON transfer WHEN NEW.state <> OLD.state AND instr(CASE OLD.state
    WHEN 'proposed' THEN ' departed rejected '
    WHEN 'departed' THEN ' arrival_proposed return_proposed arrived returned '
    WHEN 'arrival_proposed' THEN ' arrived departed returned '
    WHEN 'return_proposed' THEN ' returned departed arrived '
    ELSE '' END, ' ' || NEW.state || ' ') = 0
BEGIN SELECT RAISE(ABORT, 'transfer_steps'); END;
