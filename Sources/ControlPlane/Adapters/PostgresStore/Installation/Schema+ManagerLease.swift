extension DatabaseSchema {
    /// The one lease under which a manager acts. Its times are the database's; its token only ever grows.
    static let managerLease = Migration(
        number: 11, name: "manager lease",
        sql: """
            create table if not exists manager_lease (
                is_only boolean primary key default true check (is_only),
                holder text not null,
                address text not null,
                projects_folder text not null,
                token bigint not null check (token > 0),
                expires_at timestamptz not null
            );
            """)
}
