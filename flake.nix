{
  description = "tritium: runtime and trainer for ternary mixture-of-experts language models";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-24.11";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      forAllSystems = f: nixpkgs.lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      # Said once, in the public headers: lines "#define TRITIUM_VERSION_MAJOR 0".
      header = nixpkgs.lib.splitString "\n" (builtins.readFile ./engine/include/tritium/version.h);
      number = part:
        let define = "#define TRITIUM_VERSION_${part} ";
        in nixpkgs.lib.removePrefix define (nixpkgs.lib.findFirst (nixpkgs.lib.hasPrefix define) (throw "no ${define}") header);
      version = nixpkgs.lib.concatMapStringsSep "." number [ "MAJOR" "MINOR" "PATCH" ];
      buildTools = pkgs: with pkgs; [ cmake ninja pkg-config git python3 shaderc spirv-tools ];
      libraries = pkgs: with pkgs; [ vulkan-headers vulkan-loader glm gtest cli11 nlohmann_json xxHash pcre2 utf8proc zstd httplib imgui glfw libGL ];
      tritium = pkgs: pkgs.stdenv.mkDerivation {
        pname = "tritium";
        inherit version;
        src = self;
        nativeBuildInputs = buildTools pkgs;
        buildInputs = libraries pkgs;
        cmakeFlags = [ "-GNinja" ];
        # The loader is opened at run time by name; fixup removes run paths that no library asks for, so add it after.
        postFixup = ''
          patchelf --add-rpath ${pkgs.vulkan-loader}/lib $out/bin/tritium
        '';
        installPhase = ''
          runHook preInstall
          cmake --install .
          runHook postInstall
        '';
      };
    in
    {
      packages = forAllSystems (pkgs: { default = tritium pkgs; });

      checks = forAllSystems (pkgs: {
        default = (tritium pkgs).overrideAttrs (_: {
          doCheck = true;
          checkPhase = "ctest --output-on-failure";
        });
      });

      devShells = forAllSystems (pkgs: {
        default = pkgs.mkShell {
          packages = buildTools pkgs ++ libraries pkgs ++ (with pkgs; [
            ccache
            clang-tools
            shellcheck
            vulkan-tools
            vulkan-validation-layers
            renderdoc
            (python3.withPackages (python: [ python.numpy ]))
          ]);
          LD_LIBRARY_PATH = "${pkgs.vulkan-loader}/lib";
          VK_LAYER_PATH = "${pkgs.vulkan-validation-layers}/share/vulkan/explicit_layer.d";
        };
      });
    };
}
