import ComposeTemplates
import Testing

@Suite struct SelectionTests {
    private static let text = """
        x-supamanager:
          log-collector:
            service: vector
            fallback: {driver: json-file, options: {max-size: 10m}}
        services:
          db:
            image: db
            logging: {driver: syslog, options: {syslog-address: "tcp://10.0.0.14:9000"}}
            volumes: ["data:/data"]
            configs: [init]
          auth:
            image: auth
            logging: {driver: json-file}
            depends_on:
              db: {condition: service_healthy}
              vector: {condition: service_started, required: false}
          rest:
            image: rest
            depends_on: [db, auth]
            logging: {driver: syslog, options: {syslog-address: "tcp://192.0.2.1:9000"}}
          vector:
            image: vector
            networks: {default: {ipv4_address: 10.0.0.14}, other: }
            volumes: ["logs:/logs"]
          pooler: {image: p, profiles: [pooler], depends_on: [db]}
        networks: {other: }
        volumes: {data: , logs: }
        configs: {init: {content: x}, unused: {content: y}}
        """

    @Test func aChoiceKeepsThoseServicesAlone() throws {
        let project = try load(Self.text, profiles: ["*"]).project.selecting(services: ["db", "auth", "pooler"])
        #expect(project.services.keys.sorted() == ["auth", "db", "pooler"])
        #expect(project.services["auth"]?.dependsOn.keys.sorted() == ["db"])
        #expect(project.volumes.keys.sorted() == ["data", "logs"])
    }

    @Test func everyMissingDependencyIsNamed() throws {
        let project = try load(Self.text, profiles: ["*"]).project
        #expect {
            try project.selecting(services: ["rest", "auth", "nope"])
        } throws: { error in
            "\(error)"
                == "unknown service nope; there are auth, db, pooler, rest, vector; auth needs db; rest needs db"
        }
        #expect { try project.selecting(services: []) } throws: { "\($0)" == "no service is chosen" }
    }

    @Test func withoutTheCollectorThoseThatLogToItFallBack() throws {
        let project = try load(Self.text).project
        let without = try project.selecting(services: ["db", "auth", "rest"])
        #expect(without.services["db"]?.logging?.driver == "json-file")
        #expect(without.services["db"]?.logging?.options == ["max-size": "10m"])
        #expect(without.services["rest"]?.logging == project.services["rest"]?.logging)
        #expect(without.services["auth"]?.logging == project.services["auth"]?.logging)
        let with = try project.selecting(services: ["db", "vector"])
        #expect(with.services["db"] == project.services["db"])
    }

    @Test func unusedResourcesCanBeLeftOut() throws {
        let project = try load(Self.text).project.selecting(services: ["db"]).withoutUnusedResources()
        #expect(project.networks.keys.sorted() == ["default"])
        #expect(project.volumes.keys.sorted() == ["data"])
        #expect(project.configs.keys.sorted() == ["init"])
    }

    @Test func profilesSwitchServicesOn() throws {
        #expect(try load(Self.text).project.services["pooler"] == nil)
        #expect(try load(Self.text, profiles: ["pooler"]).project.services["pooler"] != nil)
        #expect(try load(Self.text, profiles: ["*"]).project.services["pooler"] != nil)
    }

    @Test func servicesStartInLevels() throws {
        let order = try load(Self.text, profiles: ["*"]).project.startOrder
        #expect(order == [["db", "vector"], ["auth", "pooler"], ["rest"]])
    }

    @Test func longCyclesAreFound() throws {
        let services = (0..<40).map { "  s\($0): {image: i, depends_on: [s\(($0 + 1) % 40)]}\n" }.joined()
        let found = problems("services:\n" + services, policy: .unrestricted)
        #expect(found.count == 1)
        #expect(found.first?.contains("dependency cycle detected: s0 -> s1 -> s2") == true)
    }
}
