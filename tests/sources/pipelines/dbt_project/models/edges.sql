select * from {{ ref('entities') }}
