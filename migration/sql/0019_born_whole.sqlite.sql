-- SQLite looks at each row as it comes: postings stay before their entry, and the commit asks for it.
SELECT 1;
