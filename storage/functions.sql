-- Functions of the database, made anew at every migration; so they are edited in place.

-- An id that grows with the time it is given: milliseconds since 1970, above 16 bits of a sequence.
create or replace function next_id(at timestamptz) returns bigint language sql volatile as $$
    select (extract(epoch from at) * 1000)::bigint << 16 | (nextval('id_tail') & 65535)
$$;
