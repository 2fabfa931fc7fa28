extension DatabaseSchema {
    /// Saved content of projects, and notifications about them. Accounts are named by their identifiers without a
    /// reference: a deleted account leaves what it shared.
    static let content = Migration(
        number: 7, name: "content",
        sql: """
            create table if not exists content_folders (
                id text collate "C" primary key check (id ~ '^[0-9a-f-]{36}$'),
                ref text not null references projects (ref),
                owner_id text not null,
                owner_number bigint not null,
                owner_name text not null,
                parent_id text collate "C" references content_folders (id) on delete cascade,
                name text not null check (name <> '')
            );
            create index if not exists content_folders_of_owner on content_folders (ref, owner_id);
            create index if not exists content_folders_in_folder on content_folders (parent_id);

            create table if not exists content_items (
                id text collate "C" primary key check (id ~ '^[0-9a-f-]{36}$'),
                ref text not null references projects (ref),
                kind text not null,
                visibility text not null,
                name text not null check (name <> ''),
                sort_name text collate "C" not null,
                summary text,
                body text not null,
                folder_id text collate "C" references content_folders (id) on delete cascade,
                owner_id text not null,
                owner_number bigint not null,
                owner_name text not null,
                updater_id text not null,
                updater_number bigint not null,
                updater_name text not null,
                inserted_at timestamptz not null,
                updated_at timestamptz not null,
                check (folder_id is null or visibility = 'user')
            );
            create index if not exists content_items_by_time on content_items (ref, inserted_at, id);
            create index if not exists content_items_by_name on content_items (ref, sort_name, id);
            create index if not exists content_items_in_folder on content_items (folder_id);

            create table if not exists content_favorites (
                item_id text collate "C" not null references content_items (id) on delete cascade,
                account text not null,
                primary key (item_id, account)
            );

            create table if not exists notifications (
                number bigint generated always as identity primary key,
                id text not null unique default gen_random_uuid()::text,
                organization_slug text not null,
                ref text not null references projects (ref),
                kind text not null,
                title text not null,
                message text not null,
                inserted_at timestamptz not null
            );
            create index if not exists notifications_of_organization on notifications (organization_slug, number desc);
            create index if not exists notifications_of_project on notifications (ref, number desc);

            create table if not exists notification_marks (
                number bigint not null references notifications (number) on delete cascade,
                account text not null,
                status text not null,
                primary key (number, account)
            );
            """)
}
