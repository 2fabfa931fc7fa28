import Orchestrator
import ProjectAccess
import ProjectModel
import Testing

extension Databases {
    @Suite("Errors")
    struct Errors {
        private let database = PostgresProjectDatabase()

        @Test("a failed statement is reported with PostgreSQL's fields, as postgres-meta does")
        func fields() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let setUp = "create table parent (id int primary key); create table child (id int references parent)"
            _ = try await database.json(setUp, on: target)
            let sql = "insert into child values (5)"
            let failure = try #require(await database.refusal(ProjectQueryText(sql: sql), on: target))
            #expect(failure.code == "23503")
            #expect(failure.severity == "ERROR")
            #expect(failure.detail == "Key (id)=(5) is not present in table \"parent\".")
            #expect([failure.schema, failure.table, failure.constraint] == ["public", "child", "child_id_fkey"])
            #expect(failure.source?.routine == "ri_ReportViolation")
            #expect(failure.position == nil)
        }

        @Test(
            "the formatted report shows line and place",
            arguments: [
                (
                    "select 1;\nselect é, * from x",
                    "ERROR:  42P01: relation \"x\" does not exist\nLINE 2: select é, * from x\n                         ^\n"
                ),
                ("select", nil),
                ("selec 1", "ERROR:  42601: syntax error at or near \"selec\"\nLINE 1: selec 1\n        ^\n"),
                (
                    "select (",
                    "ERROR:  42601: syntax error at end of input\nLINE 1: select (\n                ^\n"
                ),
                (
                    "do $$ begin perform 1/0; end $$",
                    """
                    ERROR:  22012: division by zero
                    CONTEXT:  SQL statement "SELECT 1/0"
                    PL/pgSQL function inline_code_block line 1 at PERFORM

                    """
                ),
                (
                    "do $$ begin raise exception 'm' using detail = 'd', hint = 'h', errcode = 'P0042'; end $$",
                    """
                    ERROR:  P0042: m
                    DETAIL:  d
                    HINT:  h
                    CONTEXT:  PL/pgSQL function inline_code_block line 1 at RAISE

                    """
                ),
            ] as [(String, String?)])
        func formatted(sql: String, expected: String?) async throws {
            let target = try await ProjectCluster.running.newDatabase()
            guard let expected else {
                #expect(try await database.json(sql, on: target) == "[{}]")
                return
            }
            let failure = await database.refusal(ProjectQueryText(sql: sql), on: target)
            #expect(failure?.formattedError == expected)
        }

        @Test("an error takes back the whole script")
        func atomic() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let script = ProjectQueryText(sql: "create table t (); select 1/0")
            #expect(await database.refusal(script, on: target)?.code == "22012")
            let json = try await database.json("select to_regclass('t') as t", on: target)
            #expect(json == "[{\"t\":null}]")
        }

        @Test("parameters go with one statement only, and their number must fit")
        func parameters() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let two = ProjectQueryText(sql: "select $1::int; select 2", parameters: [.number("1")])
            #expect(await database.refusal(two, on: target)?.code == "42601")
            let missing = ProjectQueryText(sql: "select $1::int, $2::int", parameters: [.number("1")])
            #expect(await database.refusal(missing, on: target)?.code == "08P01")
            let wrong = ProjectQueryText(sql: "select $1::int", parameters: [.string("x")])
            #expect(
                await database.refusal(wrong, on: target)?.message == "invalid input syntax for type integer: \"x\"")
        }

        @Test("of a confidential text only message and code are passed on")
        func confidential() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let sql = "do $$ begin execute 'create role \"anon\" password ''hidden-word'''; end $$"
            let open = try #require(await database.refusal(ProjectQueryText(sql: sql), on: target))
            #expect(String(decoding: open.json, as: UTF8.self).contains("hidden-word"))
            let text = ProjectQueryText(sql: sql, isConfidential: true)
            let closed = try #require(await database.refusal(text, on: target))
            #expect(closed == QueryFailure(message: "role \"anon\" already exists", code: "42710"))
            #expect(!"\(text) \(String(reflecting: text))".contains("hidden-word"))
            var dumped = ""
            dump(text, to: &dumped)
            #expect(!dumped.contains("hidden-word"))
        }

        @Test("a wrong password, a wrong port and COPY are distinguished, without the password")
        func unusable() async throws {
            var target = try await ProjectCluster.running.newDatabase(password: "wrong-password-text")
            let refused = await database.failure(ProjectQueryText(sql: "select 1"), on: target)
            guard case .unreachable(let sentence) = refused else {
                Issue.record("\(String(describing: refused))")
                return
            }
            #expect(sentence.contains("abcdefghijklmnopqrst") && sentence.contains("password authentication failed"))
            #expect(!sentence.contains("wrong-password-text") && !"\(target)".contains("wrong-password-text"))
            target.password = Secret(ProjectCluster.password)
            target.port = 1
            guard case .unreachable = await database.failure(ProjectQueryText(sql: "select 1"), on: target) else {
                Issue.record("reached port 1")
                return
            }
            target.port = 5432
            let copy = await database.failure(ProjectQueryText(sql: "copy (select 1) to stdout"), on: target)
            #expect(copy == .invalid("COPY is not supported on this connection"))
        }
    }
}
