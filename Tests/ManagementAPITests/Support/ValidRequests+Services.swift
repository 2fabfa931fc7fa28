import Orchestrator
import OrchestratorTesting
import ProjectModel

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

extension ValidRequests {
    private static let uuid = "10000000-0000-4000-8000-000000000010"

    static let content: [String: ValidRequest.Preparation] = [
        "GET /platform/projects/{ref}/content/item/{id}": { host, ref in
            try await snippet(host, ref)
        },
        "GET /v1/snippets/{id}": { host, ref in try await snippet(host, ref) },
        "DELETE /platform/projects/{ref}/content": { host, ref in
            _ = try await snippet(host, ref)
            return ValidRequest(query: "ids=\(uuid)")
        },
        "GET /platform/projects/{ref}/content/folders/{id}": { host, ref in try await folder(host, ref) },
        "PATCH /platform/projects/{ref}/content/folders/{id}": { host, ref in
            var request = try await folder(host, ref)
            request.body = #"{"name":"renamed"}"#
            return request
        },
        "POST /platform/projects/{ref}/content/folders": { _, _ in ValidRequest(body: #"{"name":"folder"}"#) },
        "DELETE /platform/projects/{ref}/content/folders": { host, ref in
            let id = try await folder(host, ref).values["id"] ?? ""
            return ValidRequest(query: "ids=\(id)")
        },
        "PUT /platform/projects/{ref}/content": { _, _ in ValidRequest(body: ContentRoutesTests.body(10)) },
        "POST /platform/projects/{ref}/content": { _, _ in ValidRequest(body: ContentRoutesTests.body(10)) },
        "GET /platform/projects/{ref}/content": { host, ref in
            _ = try await snippet(host, ref)
            return ValidRequest()
        },
        "GET /v1/snippets": { host, ref in
            _ = try await snippet(host, ref)
            return ValidRequest()
        },
    ]

    static let database: [String: ValidRequest.Preparation] = [
        "GET /v1/projects/{ref}/database/migrations": rows(#"[{"version":"7","name":"one"}]"#),
        "GET /v1/projects/{ref}/database/migrations/{version}": rows(
            #"[{"version":"7","name":"one","statements":["select 1"]}]"#, ["version": "7"]),
        "PATCH /v1/projects/{ref}/database/migrations/{version}": rows(#"[{"version":"7"}]"#, ["version": "7"]),
        "POST /v1/projects/{ref}/database/migrations": rows(#"[{"version":"7"}]"#),
        "PUT /v1/projects/{ref}/database/migrations": rows(#"[{"version":"7"}]"#),
        "DELETE /v1/projects/{ref}/database/migrations": rows(#"[{"version":"7"}]"#, query: "gte=7"),
        "GET /v1/projects/{ref}/database/context": rows(
            #"[{"name":"postgres","schemas":[{"name":"public"}]}]"#),
        "POST /v1/projects/{ref}/database/webhooks/enable": rows(#"[{"function":true,"network":true}]"#),
        "POST /platform/database/{ref}/hook-enable": rows(#"[{"function":true,"network":true}]"#),
    ]

    static let services: [String: ValidRequest.Preparation] = {
        let users = "/platform/auth/{ref}/users"
        let buckets = "/platform/storage/{ref}/buckets"
        let objects = "\(buckets)/{id}/objects"
        let functions = "/v1/projects/{ref}/functions"
        let bucket =
            #"{"id":"b","name":"b","owner":"","public":false,"created_at":"x","updated_at":"x"}"#
        let signed = #"{"signedURL":"/object/sign/b/a?token=t"}"#
        let files =
            #"[{"name":"a","id":"\#(uuid)","updated_at":"x","created_at":"x","last_accessed_at":"x","metadata":{}}]"#
        let list = #"{"folders":[],"objects":[],"hasNext":false}"#
        let keys = "/platform/storage/{ref}/credentials"
        var all: [String: ValidRequest.Preparation] = [
            "POST \(users)": gateway(#"{"id":"\#(uuid)"}"#, body: #"{"email":"a@example.com","password":"hunter2"}"#),
            "PATCH \(users)/{id}": gateway(
                #"{"id":"\#(uuid)"}"#, ["id": uuid], body: #"{"ban_duration":"24h"}"#),
            "DELETE \(users)/{id}": gateway("{}", ["id": uuid]),
            "DELETE \(users)/{id}/factors": gateway("[]", ["id": uuid]),
            "GET \(buckets)": gateway("[\(bucket)]"), "GET /v1/projects/{ref}/storage/buckets": gateway("[\(bucket)]"),
            "GET \(buckets)/{id}": gateway(bucket, ["id": "b"]),
            "POST \(buckets)": gateway(#"{"name":"b"}"#, body: #"{"id":"b","public":true}"#),
            "PATCH \(buckets)/{id}": gateway("{}", ["id": "b"], body: #"{"public":false}"#),
            "DELETE \(buckets)/{id}": gateway("{}", ["id": "b"]),
            "POST \(buckets)/{id}/empty": gateway("{}", ["id": "b"]),
            "GET \(keys)": gateway(#"{"data":[{"id":"7","description":"a","access_key":"k","created_at":"x"}]}"#),
            "POST \(keys)": gateway(
                #"{"id":"7","description":"a","access_key":"k","secret_key":"a-secret-key"}"#,
                body: #"{"description":"a"}"#),
            "DELETE \(keys)/{id}": gateway("{}", ["id": "7"]),
            "DELETE \(objects)": gateway(files, ["id": "b"]),
            "POST \(objects)": { host, _ in
                host.gateways.setAnswer { _ in
                    GatewayAnswer(status: 200, contentType: "application/json", body: Array("{}".utf8))
                }
                return ValidRequest(
                    values: ["id": "b"], query: "path=a", body: "x", headers: [("Content-Type", "text/plain")])
            },
            "POST \(objects)/list": gateway(files, ["id": "b"]),
            "POST \(objects)/list-v2": gateway(list, ["id": "b"]),
            "POST \(objects)/sign": gateway(signed, ["id": "b"], body: #"{"path":"a","expiresIn":60}"#),
            "POST \(objects)/sign-multi": gateway(
                #"[{"path":"a","signedURL":"/object/sign/b/a?token=t","error":null}]"#, ["id": "b"],
                body: #"{"path":["a"],"expiresIn":60}"#),
            "POST \(objects)/public-url": gateway("{}", ["id": "b"]),
            "POST /platform/projects/{ref}/api/graphql": gateway(#"{"data":{}}"#, body: #"{"query":"{ a }"}"#),
            "GET /v1/projects/{ref}/types/typescript": gateway("export type A = 1"),
            "GET /v1/projects/{ref}/database/openapi": gateway("{}"),
            "GET /platform/projects/{ref}/api/rest": gateway("{}"),
            "POST \(functions)": { _, _ in
                ValidRequest(body: #"{"slug":"old","name":"Old","body":"1","verify_jwt":false}"#)
            },
            "GET \(functions)/{function_slug}": deployed, "DELETE \(functions)/{function_slug}": deployed,
            "GET \(functions)/{function_slug}/body": deployed,
            "PATCH \(functions)/{function_slug}": { host, ref in
                var request = try await deployed(host, ref)
                request.body = #"{"name":"renamed","verify_jwt":true}"#
                request.headers = [("Content-Type", "application/json")]
                return request
            },
            "POST /platform/projects/{ref}/import": { _, _ in
                ValidRequest(body: "SELECT 1;\n", headers: [("Content-Type", "application/sql")])
            },
            "POST \(functions)/deploy": { _, _ in
                ValidRequest(query: "slug=hello", body: FunctionsTests.sampleForm, headers: FunctionsTests.type)
            },
            "PUT \(functions)": { host, ref in
                let list = try await host.send("GET", "/v1/projects/\(ref)/functions")
                return ValidRequest(body: list.text)
            },
        ]
        for verb in ["copy", "move", "download"] { all["POST \(objects)/\(verb)"] = gateway("{}", ["id": "b"]) }
        for name in ["invite", "magiclink", "recover", "otp"] {
            all["POST /platform/auth/{ref}/\(name)"] = gateway("{}")
        }
        for name in MetadataTests.names { all["GET /platform/pg-meta/{ref}/\(name)"] = gateway(#"[{"id":1}]"#) }
        return all
    }()

    /// A database that answers with these rows.
    private static func rows(
        _ rows: String, _ values: [String: String] = [:], query: String = ""
    ) -> ValidRequest.Preparation {
        { host, _ in
            host.databases.setAnswer { _ in QueryAnswer(json: Array(rows.utf8), rowCount: 1) }
            return ValidRequest(values: values, query: query)
        }
    }

    /// A gateway that answers this.
    private static func gateway(
        _ answer: String, _ values: [String: String] = [:], body: String? = nil
    ) -> ValidRequest.Preparation {
        { host, _ in
            host.gateways.setAnswer { _ in
                GatewayAnswer(status: 200, contentType: "application/json", body: Array(answer.utf8))
            }
            return ValidRequest(values: values, body: body)
        }
    }

    private static let deployed: ValidRequest.Preparation = { host, ref in
        _ = try await host.send(
            "POST", "/v1/projects/\(ref)/functions/deploy?slug=hello", body: FunctionsTests.sampleForm,
            headers: FunctionsTests.type)
        return ValidRequest(values: ["function_slug": "hello"])
    }

    private static func snippet(_ host: APIHost, _ ref: ProjectRef) async throws -> ValidRequest {
        let body = ContentRoutesTests.body(10, #","content":{"sql":"select 1"}"#)
        _ = try await host.send("PUT", "/platform/projects/\(ref)/content", body: body)
        return ValidRequest(values: ["id": uuid])
    }

    private static func folder(_ host: APIHost, _ ref: ProjectRef) async throws -> ValidRequest {
        let made = try await host.send(
            "POST", "/platform/projects/\(ref)/content/folders", body: #"{"name":"folder"}"#)
        return ValidRequest(values: ["id": try made.json["id"]?.text ?? ""])
    }
}
