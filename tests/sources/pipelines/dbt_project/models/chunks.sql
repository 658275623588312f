select id, title || ' ' || n as chunk from {{ ref('contracts') }}, range(4) as t(n)
