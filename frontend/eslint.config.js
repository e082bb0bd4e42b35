import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["src/api/generated"] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["eslint.config.js", "scripts/*.mjs"] } },
    },
    rules: {
      // numbers read well in a template
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // an event handler may be async: what it throws is shown by the action it calls
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // `return this.close()` ends a function early and says why
      "@typescript-eslint/no-confusing-void-expression": "off",
      "max-lines": ["error", { max: 400, skipComments: true }],
      complexity: ["error", 12],
    },
  },
  { files: ["**/*.js", "**/*.mjs"], extends: [tseslint.configs.disableTypeChecked] },
);
