import { mount } from "../ui/mount";

void mount("socket", () => <main>Kitchen</main>);
