import Testing

/// A user of a lite project's application.
private struct LiteUser {
    static let password = "correct horse battery"

    let email: String
    let id: String
    let accessToken: String
    let refreshToken: String

    /// What signing up or in answers.
    init(_ session: JSONValue) throws {
        guard let id = session["user"]["id"].text, let email = session["user"]["email"].text,
            let access = session["access_token"].text, let refresh = session["refresh_token"].text
        else { throw Trouble("not a session: \(session)") }
        (self.id, self.email, accessToken, refreshToken) = (id, email, access, refresh)
    }
}

/// What a user and a role may see of a table.
private struct Todos {
    static let table = """
        create table todos (
            id bigint generated always as identity primary key,
            owner uuid not null default auth.uid() references auth.users, task text not null);
        alter table todos enable row level security;
        create policy own on todos to authenticated
            using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
        """

    let project: Project

    func tasks(key: String, token: String? = nil) async throws -> [String] {
        let answer = try await eventually("the rows of \(project.ref)", within: .seconds(30)) {
            let answer = try await project.lite(
                "GET", "/rest/v1/todos?select=task&order=id", key: key, token: token)
            return answer.status == 200 ? answer : nil
        }
        return answer.json.items.compactMap { $0["task"].text }
    }

    /// Adds a row, once the API knows the table.
    func add(_ task: String, key: String, token: String? = nil) async throws -> Exchange {
        let body = try jsonText(["task": task])
        return try await eventually("the table of \(project.ref)", within: .seconds(30)) {
            let answer = try await project.lite("POST", "/rest/v1/todos", key: key, token: token, body: body)
            return answer.status == 404 || answer.status >= 500 ? nil : answer
        }
    }
}

extension Project {
    /// Asks the API of a lite project as a client does: with a key, and a user's token or the key in its place.
    fileprivate func lite(
        _ method: String, _ path: String, key: String, token: String? = nil, body: String = ""
    ) async throws -> Exchange {
        guard let port = try await ports().gateway else { throw Trouble("\(ref) has no port") }
        let headers = [(name: "apikey", value: key), (name: "Authorization", value: "Bearer \(token ?? key)")]
        return try await Exchange.send(method, "http://127.0.0.1:\(port)" + path, headers: headers, body: body)
    }

    /// The same, until the containers that a change replaces are there again.
    fileprivate func lite(
        _ method: String, _ path: String, key: String, body: String = "", until status: Int
    ) async throws -> JSONValue {
        try await eventually("\(status) of \(method) \(path)", within: Project.deadline) {
            // While the container is replaced nobody listens.
            guard let answer = try? await lite(method, path, key: key, body: body) else { return nil }
            return answer.status == status ? answer.json : nil
        }
    }

    fileprivate func signUp(_ email: String) async throws -> LiteUser {
        let body = try jsonText(["email": email, "password": LiteUser.password])
        let answer = try await lite("POST", "/auth/v1/signup", key: anonKey, body: body)
        guard answer.status == 200 else { throw Trouble("signing up: \(answer.status) \(answer.text)") }
        return try LiteUser(answer.json)
    }

    fileprivate func signIn(_ email: String, key: String) async throws -> LiteUser {
        let body = try jsonText(["email": email, "password": LiteUser.password])
        return try LiteUser(
            try await lite("POST", "/auth/v1/token?grant_type=password", key: key, body: body, until: 200))
    }

    /// A signed key by its name, as it is now.
    fileprivate func signedKey(_ name: String) async throws -> String {
        let keys = try await manager.client.must("GET", "/v1/projects/\(ref)/api-keys?reveal=true").items
        guard let key = keys.first(where: { $0["name"].text == name })?["api_key"].text else {
            throw Trouble("\(ref) has no key \(name)")
        }
        return key
    }
}

extension EndToEnd.LiteStack {
    @Test("a user signs up at once, owns rows that no other user sees, and keeps them through a pause")
    func users() async throws {
        try await run { manager, project in
            let todos = Todos(project: project)
            let ada = try await project.signUp("ada@example.com")
            let bob = try await project.signUp("bob@example.com")
            _ = try await sql(project, Todos.table)
            let written = try await todos.add("write a program", key: project.anonKey, token: ada.accessToken)
            #expect(written.status == 201, "\(written.status) \(written.text)")
            let refused = try await todos.add("of nobody", key: project.anonKey)
            #expect(refused.status == 401 && refused.json["code"].text == "42501", "\(refused.status) \(refused.text)")
            try await expectRows(todos, of: ada, hiddenFrom: bob, "after the sign-up")

            let refreshed = try LiteUser(
                try await project.lite(
                    "POST", "/auth/v1/token?grant_type=refresh_token", key: project.anonKey,
                    body: try jsonText(["refresh_token": ada.refreshToken]), until: 200))
            #expect(refreshed.id == ada.id && refreshed.refreshToken != ada.refreshToken)
            try await expectRows(todos, of: refreshed, hiddenFrom: bob, "after the refresh")

            try await project.ask(for: "pause")
            try await project.wait(for: "INACTIVE")
            try await project.ask(for: "resume")
            try await project.wait(for: "ACTIVE_HEALTHY")
            let again = try await project.signIn(ada.email, key: project.anonKey)
            #expect(again.id == ada.id)
            try await expectRows(todos, of: again, hiddenFrom: bob, "after the pause")
            #expect(try await todos.tasks(key: project.anonKey, token: refreshed.accessToken) == ["write a program"])
        }
    }

    private func expectRows(_ todos: Todos, of owner: LiteUser, hiddenFrom other: LiteUser, _ moment: String)
        async throws
    {
        let project = todos.project
        let all = ["write a program"]
        #expect(try await todos.tasks(key: project.anonKey, token: owner.accessToken) == all, "\(moment)")
        #expect(try await todos.tasks(key: project.anonKey, token: other.accessToken) == [], "\(moment)")
        #expect(try await todos.tasks(key: project.anonKey) == [], "\(moment)")
        #expect(try await todos.tasks(key: project.serviceKey) == all, "\(moment)")
    }

    @Test("a new database password, new keys, another JWT secret and settings of auth reach the project")
    func changes() async throws {
        try await run { manager, project in
            let (client, v1) = (manager.client, "/v1/projects/\(project.ref)")
            let ada = try await project.signUp("ada@example.com")

            // The roles of the API log in with the password.
            let password = "another-Password-\(UInt32.random(in: 0...(.max)))"
            try await client.must("PATCH", v1 + "/database/password", body: jsonText(["password": password]))
            try await project.wait(for: "ACTIVE_HEALTHY")
            #expect(try await project.signIn(ada.email, key: project.anonKey).id == ada.id)
            // The database gets a new container too, and refuses connections meanwhile.
            let answer = try await eventually("the database of \(project.ref)", within: Project.deadline) {
                let answer = try await client.send(
                    "POST", v1 + "/database/query", body: jsonText(["query": "select current_user::text as who"]))
                return answer.status >= 500 ? nil : answer
            }
            #expect(answer.json.items.first?["who"].text == "postgres", "\(answer.status) \(answer.text)")

            let made = try await client.must(
                "POST", v1 + "/api-keys?reveal=true", body: jsonText(["type": "publishable", "name": "mobile"]))
            let mobile = try #require(made["api_key"].text)
            #expect(try await project.signIn(ada.email, key: mobile).id == ada.id)
            try await client.must("PUT", v1 + "/api-keys/legacy?enabled=false")
            _ = try await project.lite("GET", "/auth/v1/settings", key: project.anonKey, until: 401)
            _ = try await project.lite("GET", "/auth/v1/settings", key: mobile, until: 200)
            try await client.must("PUT", v1 + "/api-keys/legacy?enabled=true")
            _ = try await project.lite("GET", "/auth/v1/settings", key: project.anonKey, until: 200)

            try await client.must("PATCH", project.path + "/config/secrets", body: "{}")
            let anon = try await project.signedKey("anon")
            #expect(anon != project.anonKey)
            #expect(try await project.signIn(ada.email, key: anon).id == ada.id)
            _ = try await project.lite("GET", "/auth/v1/settings", key: project.anonKey, until: 401)
            try await expectSettings(project, key: anon)
        }
    }

    /// New addresses count at once until there is a mail server.
    private func expectSettings(_ project: Project, key: String) async throws {
        let (client, path) = (project.manager.client, "/v1/projects/\(project.ref)/config/auth")
        #expect(try await client.must("GET", path)["mailer_autoconfirm"].flag == true)
        try await client.must("PATCH", path, body: #"{"disable_signup": true}"#)
        try await project.wait(for: "ACTIVE_HEALTHY")
        let body = try jsonText(["email": "late@example.com", "password": LiteUser.password])
        let refused = try await project.lite("POST", "/auth/v1/signup", key: key, body: body, until: 422)
        #expect(refused["error_code"].text == "signup_disabled", "\(refused)")
        try await client.must(
            "PATCH", path,
            body: #"{"disable_signup": false, "smtp_host": "127.0.0.1", "smtp_admin_email": "admin@example.com"}"#)
        try await project.wait(for: "ACTIVE_HEALTHY")
        #expect(try await client.must("GET", path)["mailer_autoconfirm"].flag == false)
        let waiting = try await project.lite("POST", "/auth/v1/signup", key: key, body: body, until: 200)
        #expect(waiting["access_token"] == .null && waiting["email"].text == "late@example.com", "\(waiting)")
    }
}
