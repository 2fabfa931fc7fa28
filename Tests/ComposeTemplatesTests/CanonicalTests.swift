import ComposeTemplates
import Testing

/// The printed form of a project.
@Suite struct CanonicalTests {
    private static let text = """
        name: shop
        x-supamanager: {version: "1", ports: [PORT], variables: {URL: {default: "http://$PORT"}}}
        x-log: &log {driver: json-file, options: {max-size: 10m}}
        services:
          web:
            image: web:${TAG:-1.10}
            command: run --price '$$5'
            ports: ["127.0.0.1:8000:80"]
            environment: [A=yes, B]
            logging: *log
            depends_on: [db]
            x-team: {on: call}
          db:
            image: postgres
            volumes: ["data:/var/lib", "./conf:/conf:ro"]
            configs: [{source: init, target: /init.sql, mode: "0440"}]
            healthcheck: {test: [CMD, pg_isready], interval: 90s}
            deploy: {resources: {limits: {cpus: 0.5, memory: 1g}}}
            networks: {default: {aliases: [store]}}
        volumes: {data: }
        configs: {init: {content: "select 1;\\nselect '$$2';\\n"}}
        """

    @Test func theJSONFormIsTheNormalisedFile() throws {
        let text = "services: {a: {image: i, ports: [80], volumes: [\"v:/v\"]}}\nvolumes: {v: }\n"
        #expect(
            try load(text).project.json() == """
                {
                  "name": "demo",
                  "services": {
                    "a": {
                      "command": null,
                      "entrypoint": null,
                      "image": "i",
                      "networks": {
                        "default": null
                      },
                      "ports": [
                        {
                          "mode": "ingress",
                          "target": 80,
                          "protocol": "tcp"
                        }
                      ],
                      "volumes": [
                        {
                          "type": "volume",
                          "source": "v",
                          "target": "/v",
                          "volume": {}
                        }
                      ]
                    }
                  },
                  "networks": {
                    "default": {
                      "name": "demo_default",
                      "ipam": {}
                    }
                  },
                  "volumes": {
                    "v": {
                      "name": "demo_v"
                    }
                  }
                }
                """)
    }

    /// The printed file needs no variables and loads to the same project, as JSON (which is YAML) does too.
    @Test func thePrintedFileLoadsToTheSameProject() throws {
        let project = try load(Self.text, name: nil).project
        let again = try load(project.yaml(includingExtensions: true), name: nil).project
        #expect(again == project)
        #expect(again.yaml(includingExtensions: true) == project.yaml(includingExtensions: true))
        #expect(project.services["web"]?.command == ["run", "--price", "$5"])
        #expect(project.yaml().contains("$$5"))
        #expect(project.json().contains("\"$5\""))
    }

    @Test func extensionsAreShownWhenAskedFor() throws {
        let project = try load(Self.text, name: nil).project
        #expect(!project.yaml().contains("x-team"))
        #expect(!project.yaml().contains("x-log"))
        #expect(project.yaml(includingExtensions: true).contains("x-team:\n      \"on\": call"))
    }

    @Test func theBytesForTheHashFollowTheContentAlone() throws {
        let one = try service("labels: {a: 1, b: 2}\nrestart: always").canonicalJSON
        let moved = try service("restart: \"always\"\nlabels: [b=2, a=1]").canonicalJSON
        let other = try service("labels: {a: 1, b: 3}\nrestart: always").canonicalJSON
        #expect(one == moved)
        #expect(one != other)
        #expect(!one.contains("\n"))
    }
}
