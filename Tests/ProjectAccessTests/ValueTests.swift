import Orchestrator
import ProjectAccess
import ProjectModel
import Testing

extension Databases {
    @Suite("Values, rows and scripts")
    struct Values {
        private let database = PostgresProjectDatabase()

        @Test("every type as postgres-meta gives it", arguments: ExpectedValue.all)
        func value(expected: ExpectedValue) async throws {
            let target = try await ProjectCluster.running.newDatabase()
            try await ProjectCluster.running.administrate(
                "create type mood as enum ('sad', 'ok'); create domain small as int4 check (value >= 0)",
                in: target.roles.database)
            for (sql, json) in expected.pairs {
                #expect(try await database.json("select \(sql) as v", on: target) == "[{\"v\":\(json)}]", "\(sql)")
            }
        }

        @Test(
            "rows and scripts",
            arguments: [
                ("select 1 as a union all select 2 order by 1", "[{\"a\":1},{\"a\":2}]", 2),
                ("select 1 as a where false", "[]", 0),
                ("", "[]", 0),
                ("-- nothing\n;", "[]", 0),
                ("create table t (id int); insert into t values (1)", "[]", 0),
                ("select 1 as a; select 2 as b", "[{\"b\":2}]", 1),
                ("select 1 as a; select 2 as b where false; create table t ()", "[{\"a\":1}]", 1),
                ("begin; create table t (id int); insert into t values (7) returning id; commit", "[{\"id\":7}]", 1),
                ("select from generate_series(1, 2)", "[{},{}]", 2),
                ("select 1 as a, 2 as b, 3 as a", "[{\"a\":3,\"b\":2}]", 1),
                ("select null as a, 'x' as a, null as \"__proto__\"", "[{\"a\":\"x\",\"__proto__\":null}]", 1),
                ("select 1 as \"say \"\"a\"\"\n\\\"", "[{\"say \\\"a\\\"\\n\\\\\":1}]", 1),
                ("select 1", "[{\"?column?\":1}]", 1),
            ] as [(String, String, Int)])
        func rows(sql: String, json: String, count: Int) async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let answer = try await database.run(ProjectQueryText(sql: sql), on: target)
            #expect(String(decoding: answer.json, as: UTF8.self) == json)
            #expect(answer.rowCount == count)
        }

        @Test("bytes that are no UTF-8, which a script can ask for, are replaced")
        func otherEncoding() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let sql = "set client_encoding = 'LATIN1'; select chr(233) as v, to_json(chr(233)) as j"
            let replaced = "[{\"v\":\"\u{FFFD}\",\"j\":\"\\\"\u{FFFD}\\\"\"}]"
            #expect(try await database.json(sql, on: target) == replaced)
        }

        @Test("parameters travel as node-postgres sends them")
        func parameters() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let query = ProjectQueryText(
                sql: """
                    select $1::int + 1 as i, $2::text as t, $3::bool as b, $4::text as n, $5::jsonb as j,
                        $6::int[] as a, $7::text[] as d, $8::numeric as x
                    """,
                parameters: [
                    .number("41"), .string("it's $1; drop"), .bool(true), .null, .json("{\"k\": [1]}"),
                    .array([.number("1"), .null]), .array([.array([.string("a\"\\,{}")]), .array([.string("NULL")])]),
                    .string("1.50"),
                ])
            let json = try await database.json(query, on: target)
            let expected = """
                [{"i":42,"t":"it's $1; drop","b":true,"n":null,"j":{"k": [1]},"a":[1,null],\
                "d":[["a\\"\\\\,{}"],["NULL"]],"x":"1.50"}]
                """
            #expect(json == expected)
        }

        @Test("text arrays of any content come back as they went", arguments: 0..<8 as Range<UInt64>)
        func arrays(seed: UInt64) async throws {
            let target = try await ProjectCluster.running.newDatabase()
            var generator = SplitMix(state: seed)
            let alphabet = Array("a\"\\,{}' \n\tN[]=é😀\u{301}").map(String.init) + ["NULL", ""]
            var texts: [String] = []
            for _ in 0..<40 {
                let length = Int.random(in: 0...6, using: &generator)
                texts.append((0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined())
            }
            var expected: [UInt8] = []
            for text in texts {
                expected.append(UInt8(ascii: expected.isEmpty ? "[" : ","))
                JSONText.append(text, to: &expected)
            }
            let query = ProjectQueryText(
                sql: "select $1::text[] as v", parameters: [.array(texts.map { .string($0) })])
            let json = try await database.json(query, on: target)
            #expect(json == "[{\"v\":" + String(decoding: expected, as: UTF8.self) + "]}]")
        }

        @Test("role, application name and read-write session are as asked")
        func session() async throws {
            let target = try await ProjectCluster.running.newDatabase()
            let sql = """
                select current_user::text as who, current_setting('application_name') as app,
                    current_setting('statement_timeout') as timeout
                """
            let plain = try await database.json(sql, on: target)
            #expect(plain == "[{\"who\":\"postgres\",\"app\":\"supabase/dashboard\",\"timeout\":\"58s\"}]")
            let query = ProjectQueryText(
                sql: sql, role: "anon", disablesStatementTimeout: true,
                applicationName: "a\nb\u{7f}é" + String(repeating: "c", count: 100))
            let name = "ab" + String(repeating: "c", count: 61)
            #expect(
                try await database.json(query, on: target)
                    == "[{\"who\":\"anon\",\"app\":\"\(name)\",\"timeout\":\"0\"}]")
            let unknown = await database.refusal(ProjectQueryText(sql: "select 1", role: "no\"body"), on: target)
            #expect(unknown?.message == "role \"no\"body\" does not exist")
        }
    }
}

/// SQL expressions and the JSON of their values.
struct ExpectedValue: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let pairs: [(String, String)]

    static let all = [
        Self(
            testDescription: "numbers",
            pairs: [
                ("(-32768)::int2", "-32768"), ("2147483647", "2147483647"), ("4294967295::oid", "4294967295"),
                ("9007199254740991", "9007199254740991"), ("-9007199254740991", "-9007199254740991"),
                ("9007199254740992", "\"9007199254740992\""), ("-9007199254740992", "\"-9007199254740992\""),
                ("9223372036854775807", "\"9223372036854775807\""), ("count(*)", "1"),
                ("(-9223372036854775808)::int8", "\"-9223372036854775808\""),
                ("sum(pg_database_size('template1'))::bigint > 0", "true"),
                ("1.5::float4", "1.5"), ("0.1::float8", "0.1"), ("1e300::float8", "1e+300"), ("-0.0::float8", "-0"),
                ("'NaN'::float8", "null"), ("'Infinity'::float4", "null"), ("'-Infinity'::float8", "null"),
                ("1.10::numeric", "\"1.10\""), ("'NaN'::numeric", "\"NaN\""), ("sum(1::bigint)", "\"1\""),
                ("7::small", "7"),
            ]),
        Self(
            testDescription: "text and its like",
            pairs: [
                ("'a\"b\\c'::text", "\"a\\\"b\\\\c\""),
                ("E'\\t\\n\\x01\\r\\b\\f\\x7f'", "\"\\t\\n\\u0001\\r\\b\\f\u{7f}\""),
                ("'é😀'::varchar", "\"é😀\""), ("'x'::char(3)", "\"x  \""), ("'n'::name", "\"n\""), ("''", "\"\""),
                ("'ok'::mood", "\"ok\""), ("'c'::\"char\"", "\"c\""), ("null", "null"), ("null::int", "null"),
                ("null::json", "null"), ("'\\x00ff'::bytea", "\"\\\\x00ff\""), ("'pg_class'::regclass", "\"pg_class\""),
                ("'5f2c7e0e-0000-4000-8000-000000000000'::uuid", "\"5f2c7e0e-0000-4000-8000-000000000000\""),
                ("'<a/>'::xml", "\"<a/>\""), ("'10.0.0.1/8'::inet", "\"10.0.0.1/8\""), ("'101'::bit(3)", "\"101\""),
                ("row(1, 'a b')", "\"(1,\\\"a b\\\")\""), ("'[1,3)'::int4range", "\"[1,3)\""),
                ("'(1,2)'::point", "\"(1,2)\""), ("1.5::money", "\"$1.50\""), ("pg_sleep(0)", "\"\""),
            ]),
        Self(
            testDescription: "truth and time",
            pairs: [
                ("true", "true"), ("false", "false"), ("'2026-02-03'::date", "\"2026-02-03\""),
                ("'2026-02-03 04:05:06.789'::timestamp", "\"2026-02-03 04:05:06.789\""),
                ("'2026-02-03 04:05:06+02'::timestamptz", "\"2026-02-03 02:05:06+00\""),
                ("'04:05:06'::time", "\"04:05:06\""), ("'1 day 02:00'::interval", "\"1 day 02:00:00\""),
                ("'infinity'::timestamptz", "\"infinity\""), ("'0044-03-15 BC'::date", "\"0044-03-15 BC\""),
            ]),
        Self(
            testDescription: "json",
            pairs: [
                (
                    "'{\"a\": [1, 2.50, \"x\\u00e9\\n\"], \"b\": null}'::json",
                    "{\"a\": [1, 2.50, \"x\\u00e9\\n\"], \"b\": null}"
                ),
                ("'{\"b\":1,\"a\":2}'::jsonb", "{\"a\": 2, \"b\": 1}"), ("'null'::jsonb", "null"),
                ("'\"s\"'::json", "\"s\""), ("' 1e5 '::json", " 1e5 "), ("'é'::text::varchar", "\"é\""),
                ("to_jsonb('é'::text)", "\"é\""), ("'[]'::json", "[]"), ("'{}'::jsonb", "{}"),
                ("'$.a'::jsonpath", "\"$.\\\"a\\\"\""),
            ]),
        Self(
            testDescription: "arrays",
            pairs: [
                ("'{}'::int[]", "[]"), ("array[1,null,-3]::int2[]", "[1,null,-3]"),
                ("array[[1,2],[3,4]]", "[[1,2],[3,4]]"),
                ("array[1,2]::oid[]", "[1,2]"), ("array[1]::bigint[]", "[\"1\"]"),
                ("array[true,false,null]", "[true,false,null]"),
                ("array[1.5,'NaN']::float8[]", "[1.5,null]"), ("array[1.10,2]::numeric[]", "[1.10,2]"),
                (
                    "array['a','NULL',null,'','x y','{}','q\"\\']",
                    "[\"a\",\"NULL\",null,\"\",\"x y\",\"{}\",\"q\\\"\\\\\"]"
                ),
                ("array['2026-02-03']::date[]", "[\"2026-02-03\"]"),
                ("array['2026-02-03 04:05:06']::timestamp[]", "[\"2026-02-03 04:05:06\"]"),
                ("array['{\"a\": 1}', '[\"x\"]', null]::jsonb[]", "[{\"a\": 1},[\"x\"],null]"),
                ("array['{\"a\":1}']::json[]", "[{\"a\":1}]"), ("'[0:1]={5,6}'::int[]", "[5,6]"),
                ("array['\\x01']::bytea[]", "[\"\\\\x01\"]"), ("array['1 day']::interval[]", "[\"1 day\"]"),
                ("array['5f2c7e0e-0000-4000-8000-000000000000']::uuid[]", "[\"5f2c7e0e-0000-4000-8000-000000000000\"]"),
                // As text, because node-postgres knows no parser for them.
                ("array['n']::name[]", "\"{n}\""), ("array['ok']::mood[]", "\"{ok}\""),
                ("array['(1,2)']::point[]", "\"{\\\"(1,2)\\\"}\""),
            ]),
    ]
}

/// A small generator with a seed (SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
