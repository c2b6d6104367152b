-- Nothing changes in the tables: see the guards of PostgreSQL.
SELECT 1;
