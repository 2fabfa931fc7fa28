import Testing

extension EndToEnd {
    @Suite("Bad input", .sharedManager, .timeLimit(.minutes(5)))
    struct BadInput {
        /// A request that has to be refused.
        struct Refusal: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let body: String
            var status = 400
            /// What the message has to mention.
            let mention: String

            init(_ what: String, _ body: String, status: Int = 400, mentioning mention: String) {
                testDescription = what
                self.body = body
                self.status = status
                self.mention = mention
            }

            static func named(_ name: String) -> String {
                (try? ManagerClient.creation(name, services: ["imgproxy"])) ?? ""
            }

            static func selecting(_ services: [String]) -> String {
                (try? ManagerClient.creation("selection", services: services)) ?? ""
            }
        }

        static let refusals: [Refusal] = [
            Refusal("an empty name", Refusal.named(""), mentioning: "name"),
            Refusal("a blank name", Refusal.named("   "), mentioning: "name"),
            Refusal("a name that is too long", Refusal.named(String(repeating: "a", count: 257)), mentioning: "256"),
            Refusal("quotes in the name", Refusal.named("a'b\"c"), mentioning: "name"),
            Refusal("a shell's words in the name", Refusal.named("a;$(reboot)`id`b"), mentioning: "name"),
            Refusal("an accent in the name", Refusal.named("caf\u{E9}s"), mentioning: "name"),
            Refusal("a picture in the name", Refusal.named("a\u{1F418}b"), mentioning: "name"),
            Refusal("a line feed in the name", Refusal.named("a\nb"), mentioning: "name"),
            Refusal("a zero byte in the name", Refusal.named("a\u{0}b"), mentioning: "name"),
            Refusal("a path as name", Refusal.named("../../etc/passwd"), mentioning: "name"),
            Refusal("no name", #"{"organization_slug": "default"}"#, mentioning: "name"),
            Refusal("a number as name", #"{"name": 7, "organization_slug": "default"}"#, mentioning: "name"),
            Refusal("null as name", #"{"name": null, "organization_slug": "default"}"#, mentioning: "name"),
            Refusal("no organization", #"{"name": "a"}"#, mentioning: "organization"),
            Refusal(
                "a stranger's organization", #"{"name": "a", "organization_slug": "acme"}"#, status: 404,
                mentioning: "acme"),
            Refusal("an unknown service", Refusal.selecting(["db", "mysql"]), mentioning: "mysql"),
            Refusal("a service without what it depends on", Refusal.selecting(["auth"]), mentioning: "db"),
            Refusal("no service", Refusal.selecting([]), mentioning: "services"),
            Refusal("a service twice", Refusal.selecting(["imgproxy", "imgproxy"]), mentioning: "twice"),
            Refusal("a path as service", Refusal.selecting(["../db"]), mentioning: "service"),
            Refusal(
                "a text as services", #"{"name": "a", "organization_slug": "default", "services": "db"}"#,
                mentioning: "services"),
            Refusal(
                "a password that breaks URLs",
                #"{"name": "a", "organization_slug": "default", "db_pass": "p@ss/word"}"#,
                mentioning: "db_pass"),
            Refusal("no body", "", mentioning: "body"),
            Refusal("half a body", #"{"name": "a", "organization_slug""#, mentioning: "JSON"),
            Refusal("no JSON at all", "name=a", mentioning: "JSON"),
            Refusal("an array", "[]", mentioning: "object"),
            Refusal("bytes that are no text", "{\"name\": \"\u{1}\"}", mentioning: ""),
            Refusal(
                "a huge body", #"{"name": "\#(String(repeating: "a", count: 2 << 20))"}"#, status: 413,
                mentioning: "65536"),
            Refusal("deep nesting", String(repeating: "[", count: 50_000), mentioning: "levels"),
        ]

        @Test("A creation that makes no sense is refused with a message, and nothing is made", arguments: refusals)
        func refuses(_ refusal: Refusal) async throws {
            let manager = try sharedManager()
            let answer = try await manager.client.send("POST", "/platform/projects", body: refusal.body)
            #expect(answer.status == refusal.status, "\(answer.text)")
            try expectMessage(answer, mentioning: refusal.mention)
            try await expectNothing(of: manager)
        }

        @Test(
            "A request without a valid token is refused with 401, and nothing is made",
            arguments: [nil, "", "sbp_", "sbp_" + String(repeating: "0", count: 40), "x y", "Bearer"])
        func refusesToken(_ token: String?) async throws {
            let manager = try sharedManager()
            for (method, path) in [
                ("POST", "/platform/projects"), ("GET", "/platform/projects"), ("POST", "/v1/projects"),
            ] {
                let body = method == "POST" ? Refusal.named("stranger") : ""
                let answer = try await manager.client.send(method, path, body: body, token: token)
                #expect(answer.status == 401, "\(method) \(path): \(answer.text)")
                try expectMessage(answer, mentioning: "")
            }
            try await expectNothing(of: manager)
        }

        @Test(
            "A project that does not exist is a 404 on every path",
            arguments: ["", "/status", "/settings", "/services", "/events"])
        func refusesUnknownProject(_ path: String) async throws {
            let manager = try sharedManager()
            for ref in ["abcdefghijklmnopqrst", "short", "ABCDEFGHIJKLMNOPQRST", "..%2F..%2Fetc"] {
                let answer = try await manager.client.send("GET", "/platform/projects/\(ref)\(path)")
                #expect([400, 404].contains(answer.status), "\(ref): \(answer.text)")
                try expectMessage(answer, mentioning: "")
            }
        }

        @Test("A second project of the same name is refused with 409, and the first stays as it is")
        func refusesDuplicate() async throws {
            try await ManagerProcess.with { manager in
                let project = try await Project.active("the one", services: ["imgproxy"], by: manager)
                let before = try await manager.inventory()
                let answer = try await manager.client.send(
                    "POST", "/platform/projects", body: ManagerClient.creation("the one", services: ["imgproxy"]))
                #expect(answer.status == 409, "\(answer.text)")
                try expectMessage(answer, mentioning: "the one")
                #expect(try await manager.client.projects() == [project.ref])
                #expect(try await manager.inventory().names == before.names)
            }
        }

        private func expectMessage(_ answer: Exchange, mentioning text: String) throws {
            let message = try #require(answer.json["message"].text, "no message in: \(answer.text)")
            #expect(message.count > 10)
            #expect(text.isEmpty || message.contains(text), "\(message)")
        }

        private func expectNothing(of manager: ManagerProcess) async throws {
            #expect(try await manager.client.projects() == [])
            #expect(try await manager.inventory().names == [])
        }
    }
}
