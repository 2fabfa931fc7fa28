import Testing

/// Moving in: a dump as another project of Supabase's has it, written for this test.
private enum MovedProject {
    static let table = "notes"
    /// Users with the hash that the old service made of their password.
    static let users = [
        (
            id: "11111111-1111-4111-8111-111111111111", email: "ada@example.com", password: "correct horse battery",
            hash: "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS"
        ),
        (
            id: "22222222-2222-4222-8222-222222222222", email: "bob@example.com", password: "another old one",
            hash: "$2a$04$ABCDEFGHIJKLMNOPQRSTUua2CoHjR9nMxib8awl0uHziQ67oE4xC."
        ),
    ]

    private static let definitions = #"""
        \restrict 5nQx
        SET statement_timeout = 0;
        SET transaction_timeout = 0;
        SET client_encoding = 'UTF8';
        SET standard_conforming_strings = on;
        SELECT pg_catalog.set_config('search_path', '', false);
        SET check_function_bodies = false;
        CREATE SCHEMA auth;
        ALTER SCHEMA auth OWNER TO supabase_admin;
        CREATE SCHEMA storage;
        CREATE SCHEMA vault;
        CREATE EXTENSION IF NOT EXISTS pg_graphql WITH SCHEMA graphql;
        CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA extensions;
        CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ select null::uuid; $$;
        ALTER FUNCTION auth.uid() OWNER TO supabase_auth_admin;
        CREATE FUNCTION public.greet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path TO '' AS $$
        begin
            insert into public.notes (owner, body) values (new.id, 'welcome; ' || new.email);
            return new;
        end;
        $$;
        CREATE TABLE auth.users (instance_id uuid, id uuid NOT NULL, email character varying(255));
        ALTER TABLE auth.users OWNER TO supabase_auth_admin;
        CREATE TABLE public.notes (
            id bigint NOT NULL, owner uuid DEFAULT auth.uid(), body text NOT NULL, tag extensions.citext,
            size integer GENERATED ALWAYS AS (length(body)) STORED
        );
        ALTER TABLE public.notes OWNER TO postgres;
        CREATE SEQUENCE public.notes_id_seq START WITH 1;
        ALTER SEQUENCE public.notes_id_seq OWNED BY public.notes.id;
        ALTER TABLE ONLY public.notes ALTER COLUMN id SET DEFAULT nextval('public.notes_id_seq'::regclass);

        """#

    private static let rest = #"""
        SELECT pg_catalog.setval('public.notes_id_seq', 41, true);
        ALTER TABLE ONLY public.notes ADD CONSTRAINT notes_pkey PRIMARY KEY (id);
        CREATE INDEX notes_owner_idx ON public.notes USING btree (owner);
        CREATE TRIGGER on_auth_user_created AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.greet();
        ALTER TABLE ONLY public.notes
            ADD CONSTRAINT notes_owner_fkey FOREIGN KEY (owner) REFERENCES auth.users(id) ON DELETE CASCADE;
        ALTER TABLE public.notes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON public.notes TO authenticated USING ((owner = auth.uid()));
        CREATE POLICY pictures ON storage.objects FOR SELECT TO authenticated USING ((bucket_id = 'pictures'::text));
        CREATE PUBLICATION supabase_realtime WITH (publish = 'insert, update, delete, truncate');
        ALTER PUBLICATION supabase_realtime ADD TABLE ONLY public.notes;
        GRANT ALL ON TABLE public.notes TO authenticated;
        \unrestrict 5nQx

        """#

    /// The dump: identities before their users, rows that look like the end of rows.
    static var dump: String {
        var dump = definitions
        dump += "COPY auth.identities (provider_id, user_id, identity_data, provider, id) FROM stdin;\n"
        for user in users {
            dump += "\(user.id)\t\(user.id)\t{\"sub\": \"\(user.id)\"}\temail\t\(user.id)\n"
        }
        dump += "\\.\nCOPY auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, "
        dump += "raw_app_meta_data, raw_user_meta_data, created_at, of_the_source) FROM stdin;\n"
        for user in users {
            dump += "00000000-0000-0000-0000-000000000000\t\(user.id)\tauthenticated\tauthenticated\t\(user.email)\t"
            dump += "\(user.hash)\t2024-01-01 00:00:00+00\t{\"provider\": \"email\"}\t{}\t2024-01-01 00:00:00+00\t1\n"
        }
        dump += "\\.\nCOPY public.notes (id, owner, body, tag) FROM stdin;\n"
        dump += "40\t\(users[0].id)\tof Ada; \\\\.\tA\n41\t\(users[1].id)\tof Bob\t\\N\n\\.\n"
        dump += "COPY storage.buckets (id, name, public) FROM stdin;\npictures\tpictures\tf\n\\.\n"
        return dump + rest
    }
}

extension EndToEnd.LiteStack {
    @Test("a dump moves in: users sign in with their old passwords and see their rows, and it does not come twice")
    func movesIn() async throws {
        try await run { manager, project in
            let path = "/platform/projects/\(project.ref)/import"
            let trial = try await manager.client.must("POST", path + "?dry_run=true", body: MovedProject.dump)
            let report = try await manager.client.must("POST", path, body: MovedProject.dump)
            for answer in [trial, report] {
                #expect(answer["rows"]["auth.users"].integer == 2, "\(answer)")
                #expect(answer["rows"]["public.notes"].integer == 2, "\(answer)")
                #expect(answer["taken"]["POLICY"].integer == 2, "\(answer)")
                #expect(answer["left_out"]["column auth.users.of_the_source"].integer == 1, "\(answer)")
            }
            let again = try await manager.client.send("POST", path, body: MovedProject.dump)
            #expect(again.status == 409, "\(again.status) \(again.text)")
            for (user, body) in zip(MovedProject.users, ["of Ada; \\.", "of Bob"]) {
                try await expect(project, user: user.email, password: user.password, sees: body)
            }
            // The trigger on new users is there, and the sequence continues.
            let port = try #require(try await project.ports().gateway)
            let new = try await Exchange.send(
                "POST", "http://127.0.0.1:\(port)/auth/v1/signup", headers: [(name: "apikey", value: project.anonKey)],
                body: try jsonText(["email": "cy@example.com", "password": "a new password"]))
            #expect(new.status == 200, "\(new.status) \(new.text)")
            let welcome = try await sql(project, "select id, body, size from public.notes where id > 41")
            #expect(welcome.first?["id"].integer == 42 && welcome.first?["size"].integer == 23, "\(welcome)")
        }
    }

    private func expect(
        _ project: Project, user email: String, password: String, sees body: String
    ) async throws {
        let port = try #require(try await project.ports().gateway)
        let key = (name: "apikey", value: project.anonKey)
        let session = try await Exchange.send(
            "POST", "http://127.0.0.1:\(port)/auth/v1/token?grant_type=password", headers: [key],
            body: try jsonText(["email": email, "password": password]))
        let token = try #require(session.json["access_token"].text, "\(session.status) \(session.text)")
        let rows = try await eventually("the table of \(project.ref)", within: .seconds(10)) {
            let answer = try await Exchange.send(
                "GET", "http://127.0.0.1:\(port)/rest/v1/\(MovedProject.table)?select=body",
                headers: [key, (name: "Authorization", value: "Bearer \(token)")])
            return answer.status == 200 ? answer.json.items : nil
        }
        #expect(rows.compactMap { $0["body"].text } == [body], "\(email): \(rows)")
    }
}
